package aka

// Algorithm is an authentication and key agreement algorithm set bound to one subscriber: f1 to f5, f1* and
// f5* of TS 33.102 §6.3 under the subscriber's long-term key. Packages milenage and tuak implement it.
// An Algorithm is safe for concurrent use.
type Algorithm interface {
	// F1 is the network authentication function f1: it returns MAC-A, TS 33.102 §6.3.2.
	F1(rand *RAND, sqn SQN, amf AMF) MAC64
	// F1Star is the resynchronisation function f1*: it returns MAC-S, TS 33.102 §6.3.3.
	F1Star(rand *RAND, sqn SQN, amf AMF) MAC64
	// F2345 returns the user response, the session keys and the anonymity key, TS 33.102 §6.3.2.
	F2345(rand *RAND) Response
	// F5Star returns the anonymity key for resynchronisation, TS 33.102 §6.3.3.
	F5Star(rand *RAND) AK
}

// RAND is the random challenge, TS 33.102 §6.3.2.
type RAND [16]byte

// AUTN is the authentication token SQN xor AK || AMF || MAC-A, TS 33.102 §6.3.2.
type AUTN [16]byte

// AUTS is the resynchronisation token SQN_MS xor AK || MAC-S, TS 33.102 §6.3.3.
type AUTS [14]byte

// AMF is the authentication management field, TS 33.102 §H: bit 0, the most significant, is the
// separation bit.
type AMF [2]byte

// SeparationBit reports whether the vector is usable only in EPS and 5GS, TS 33.102 §H.
func (a AMF) SeparationBit() bool { return a[0]&0x80 != 0 }

// MAC64 is MAC-A or MAC-S, TS 33.102 §6.3.
type MAC64 [8]byte

// AK is the anonymity key that conceals a sequence number, TS 33.102 §6.3.2.
type AK [6]byte

// Response is what f2 to f5 give for one challenge, TS 33.102 §6.3.2.
type Response struct {
	RES RES
	CK  CK
	IK  IK
	AK  AK
}

// RES is the user response or the expected response: 4 to 16 octets, TS 33.102 §6.3.7.
type RES struct {
	octets [16]byte
	length uint8
}

// NewRES makes a RES of b. It reports false unless b has 4 to 16 octets.
func NewRES(b []byte) (RES, bool) {
	var r RES
	if len(b) < 4 || len(b) > len(r.octets) {
		return RES{}, false
	}
	r.length = uint8(copy(r.octets[:], b))
	return r, true
}

// Len is the length in octets.
func (r *RES) Len() int { return int(r.length) }

// Bytes is the response as it goes over the wire. The slice shares r's memory.
func (r *RES) Bytes() []byte { return r.octets[:r.length] }
