package aka

// Cipher is a 128-bit ciphering algorithm: it xors the key stream into data in place, TS 33.501 §D.2.1.
// Only the low five bits of bearer and the lowest bit of direction (0 uplink, 1 downlink) count.
type Cipher = func(key *[16]byte, count uint32, bearer, direction uint8, data []byte)

// MAC is a 128-bit integrity algorithm: it returns MAC-I or NAS-MAC over data, TS 33.501 §D.3.1.
// Only the low five bits of bearer and the lowest bit of direction (0 uplink, 1 downlink) count.
type MAC = func(key *[16]byte, count uint32, bearer, direction uint8, data []byte) [4]byte

// NEA is the ciphering algorithm with identifier alg, TS 33.501 §5.11.1.1: 0 null, 1 SNOW 3G, 2 AES, 3 ZUC.
// It reports false for an identifier that has no algorithm.
func NEA(alg uint8) (Cipher, bool) {
	switch alg {
	case 0:
		return nea0, true
	case 1:
		return nea1, true
	case 2:
		return nea2, true
	case 3:
		return nea3, true
	}
	return nil, false
}

// NIA is the integrity algorithm with identifier alg, TS 33.501 §5.11.1.2: 0 null, 1 SNOW 3G, 2 AES, 3 ZUC.
// It reports false for an identifier that has no algorithm.
func NIA(alg uint8) (MAC, bool) {
	switch alg {
	case 0:
		return nia0, true
	case 1:
		return nia1, true
	case 2:
		return nia2, true
	case 3:
		return nia3, true
	}
	return nil, false
}

// nea0 is the null ciphering algorithm, TS 33.501 §D.1.
func nea0(*[16]byte, uint32, uint8, uint8, []byte) {}

// nia0 is the null integrity algorithm: a MAC of zeros, TS 33.501 §D.1.
func nia0(*[16]byte, uint32, uint8, uint8, []byte) [4]byte { return [4]byte{} }
