package aka

import "encoding/binary"

// ckIK is the input key CK || IK of TS 33.501 §A.2 to §A.4.
func ckIK(ck *CK, ik *IK) [32]byte {
	var key [32]byte
	copy(key[:16], ck[:])
	copy(key[16:], ik[:])
	return key
}

// NewKAUSF is KAUSF of 5G AKA, TS 33.501 §A.2. sqnXorAK is AUTN.SQNxorAK().
func NewKAUSF(ck *CK, ik *IK, network ServingNetwork, sqnXorAK [6]byte) KAUSF {
	key := ckIK(ck, ik)
	return kdf(key[:], 0x6a, []byte(network), sqnXorAK[:])
}

// NewPrimes is CK' and IK' of EAP-AKA', TS 33.501 §A.3. sqnXorAK is AUTN.SQNxorAK().
func NewPrimes(ck *CK, ik *IK, network ServingNetwork, sqnXorAK [6]byte) (CKPrime, IKPrime) {
	key := ckIK(ck, ik)
	out := kdf(key[:], 0x20, []byte(network), sqnXorAK[:])
	return CKPrime(out[:16]), IKPrime(out[16:])
}

// NewRESStar is RES* in the UE and XRES* in the home network, TS 33.501 §A.4.
func NewRESStar(ck *CK, ik *IK, network ServingNetwork, rand *RAND, res *RES) RESStar {
	key := ckIK(ck, ik)
	out := kdf(key[:], 0x6b, []byte(network), rand[:], res.Bytes())
	return RESStar(out[16:])
}

// NewHRESStar is HRES* in the SEAF and HXRES* in the AUSF, TS 33.501 §A.5.
func NewHRESStar(rand *RAND, res *RESStar) HRESStar {
	var in [32]byte
	copy(in[:16], rand[:])
	copy(in[16:], res[:])
	out := sha256Sum(&in)
	return HRESStar(out[16:])
}

// KSEAF is the anchor key, TS 33.501 §A.6.
func (k *KAUSF) KSEAF(network ServingNetwork) KSEAF {
	return kdf(k[:], 0x6c, []byte(network))
}

// KAMF is the key of the AMF, TS 33.501 §A.7. supi is the digits of an IMSI, or a NAI, GLI or GCI as it stands.
// abba is ABBAInitial unless the standard names another value; both hold at most 65535 octets.
func (k *KSEAF) KAMF(supi string, abba []byte) KAMF {
	return kdf(k[:], 0x6d, []byte(supi), abba)
}

// ABBAInitial is the ABBA parameter of Release 17, TS 33.501 §A.7.1.
func ABBAInitial() []byte { return []byte{0, 0} }

// KeyType is an algorithm type distinguisher, TS 33.501 §A.8.
type KeyType uint8

// The algorithm type distinguishers of TS 33.501 §A.8.
const (
	NASEncryption KeyType = 1
	NASIntegrity  KeyType = 2
	RRCEncryption KeyType = 3
	RRCIntegrity  KeyType = 4
	UPEncryption  KeyType = 5
	UPIntegrity   KeyType = 6
)

// AlgorithmKey is a NAS key: t is NASEncryption or NASIntegrity and alg the algorithm's identifier,
// TS 33.501 §A.8.
func (k *KAMF) AlgorithmKey(t KeyType, alg uint8) AlgorithmKey { return algorithmKey(k[:], t, alg) }

// AlgorithmKey is an AS key: t is one of the RRC and UP types and alg the algorithm's identifier,
// TS 33.501 §A.8.
func (k *KAN) AlgorithmKey(t KeyType, alg uint8) AlgorithmKey { return algorithmKey(k[:], t, alg) }

func algorithmKey(key []byte, t KeyType, alg uint8) AlgorithmKey {
	out := kdf(key, 0x69, []byte{byte(t)}, []byte{alg})
	return AlgorithmKey(out[16:])
}

// Access is an access type distinguisher, TS 33.501 §A.9.
type Access uint8

// The access type distinguishers of TS 33.501 §A.9.
const (
	Access3GPP    Access = 1
	AccessNon3GPP Access = 2
)

// KAN is KgNB for 3GPP access, and KN3IWF, KTNGF, KTWIF or KWAGF for non-3GPP access, TS 33.501 §A.9.
// uplinkCount is the uplink NAS COUNT.
func (k *KAMF) KAN(uplinkCount uint32, access Access) KAN {
	return kdf(k[:], 0x6e, count(uplinkCount), []byte{byte(access)})
}

// FirstNH is the next hop key with NCC 1, from the first KgNB, TS 33.501 §A.10.
func (k *KAMF) FirstNH(gnb *KAN) NH { return kdf(k[:], 0x6f, gnb[:]) }

// NextNH is the next hop key after nh, TS 33.501 §A.10.
func (k *KAMF) NextNH(nh *NH) NH { return kdf(k[:], 0x6f, nh[:]) }

// Target is KNG-RAN* for a target gNB by horizontal derivation, TS 33.501 §A.11. arfcnDL has 24 bits.
func (k *KAN) Target(pci uint16, arfcnDL uint32) KAN { return target(k[:], 0x70, pci, arfcnDL) }

// Target is KNG-RAN* for a target gNB by vertical derivation, TS 33.501 §A.11. arfcnDL has 24 bits.
func (n *NH) Target(pci uint16, arfcnDL uint32) KAN { return target(n[:], 0x70, pci, arfcnDL) }

// TargetNgENB is KNG-RAN* for a target ng-eNB by horizontal derivation, TS 33.501 §A.12. earfcnDL has 24 bits.
func (k *KAN) TargetNgENB(pci uint16, earfcnDL uint32) KAN { return target(k[:], 0x71, pci, earfcnDL) }

// TargetNgENB is KNG-RAN* for a target ng-eNB by vertical derivation, TS 33.501 §A.12. earfcnDL has 24 bits.
func (n *NH) TargetNgENB(pci uint16, earfcnDL uint32) KAN { return target(n[:], 0x71, pci, earfcnDL) }

func target(key []byte, fc byte, pci uint16, frequency uint32) KAN {
	return kdf(key, fc, counter16(pci),
		[]byte{byte(frequency >> 16), byte(frequency >> 8), byte(frequency)})
}

// PrimeAtHandover is KAMF' of a handover with KAMF change, TS 33.501 §A.13.
func (k *KAMF) PrimeAtHandover(downlinkCount uint32) KAMF {
	return kdf(k[:], 0x72, []byte{1}, count(downlinkCount))
}

// PrimeAtRegistration is KAMF' of a mobility registration update with KAMF change, TS 33.501 §A.13:
// uplinkCount is that of the Registration Request.
func (k *KAMF) PrimeAtRegistration(uplinkCount uint32) KAMF {
	return kdf(k[:], 0x72, []byte{0}, count(uplinkCount))
}

// KSN is the key of a secondary node, TS 33.501 §A.16.
func (k *KAN) KSN(snCounter uint16) KSN {
	return kdf(k[:], 0x79, counter16(snCounter))
}

func count(c uint32) []byte { return binary.BigEndian.AppendUint32(nil, c) }
