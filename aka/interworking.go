package aka

// KASMEAtIdle is KASME' of idle mode mobility to EPS, TS 33.501 §A.14.1. uplinkCount is the uplink NAS COUNT.
func (k *KAMF) KASMEAtIdle(uplinkCount uint32) KASME { return kdf(k[:], 0x73, count(uplinkCount)) }

// KASMEAtHandover is KASME' of a handover to EPS, TS 33.501 §A.14.2. downlinkCount is the downlink NAS COUNT.
func (k *KAMF) KASMEAtHandover(downlinkCount uint32) KASME {
	return kdf(k[:], 0x74, count(downlinkCount))
}

// KAMFAtIdle is KAMF' of idle mode mobility from EPS, TS 33.501 §A.15.1. uplinkCount is that of the TAU Request in
// the Registration Request.
func (k *KASME) KAMFAtIdle(uplinkCount uint32) KAMF { return kdf(k[:], 0x75, count(uplinkCount)) }

// KAMFAtHandover is KAMF' of a handover from EPS, TS 33.501 §A.15.2.
func (k *KASME) KAMFAtHandover(nh *NH) KAMF { return kdf(k[:], 0x76, nh[:]) }

// KTIPSec is the key of the IPsec association of a UE with a TNGF, TS 33.501 §A.22. k is KTNGF.
func (k *KAN) KTIPSec() KAN { return kdf(k[:], 0x84, []byte{1}) }

// KTNAP is the key that a TNGF gives to a TNAP, TS 33.501 §A.22. k is KTNGF.
func (k *KAN) KTNAP() KAN { return kdf(k[:], 0x84, []byte{2}) }
