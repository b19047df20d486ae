// Package tlv reads and writes the information element formats of TS 24.007 §11.2.1.1 (V, LV, TV, TLV, LV-E, TLV-E)
// for the generated message code of wire/nas.
package tlv

// Readers return the value part and the rest of the message. A nil value means a truncated or too short element; the
// value of a longer one is cut to the longest, for octets that go beyond the element are ignored (TS 24.007 §11.4.2).

// V reads n octets without tag and length.
func V(b []byte, n int) (v, rest []byte) {
	if len(b) < n {
		return nil, nil
	}
	return b[:n:n], b[n:]
}

// LV reads a length of one octet and a value of shortest to longest octets.
func LV(b []byte, shortest, longest int) (v, rest []byte) {
	if len(b) == 0 {
		return nil, nil
	}
	return value(b[1:], int(b[0]), shortest, longest)
}

// LVE reads a length of two octets and a value of shortest to longest octets.
func LVE(b []byte, shortest, longest int) (v, rest []byte) {
	if len(b) < 2 {
		return nil, nil
	}
	return value(b[2:], int(b[0])<<8|int(b[1]), shortest, longest)
}

// TLV is LV after a tag that the caller has read.
func TLV(b []byte, shortest, longest int) (v, rest []byte) { return LV(b[1:], shortest, longest) }

// TLVE is LVE after a tag that the caller has read.
func TLVE(b []byte, shortest, longest int) (v, rest []byte) { return LVE(b[1:], shortest, longest) }

// TV reads a value of n octets after a tag that the caller has read.
func TV(b []byte, n int) (v, rest []byte) { return V(b[1:], n) }

func value(b []byte, n, shortest, longest int) (v, rest []byte) {
	if n > len(b) {
		return nil, nil
	}
	rest = b[n:]
	if n < shortest {
		return nil, rest
	}
	n = min(n, longest)
	return b[:n:n], rest
}

// Tag returns the identifier of the element at the head of b: for type 1 and 2 elements the upper half octet.
func Tag(b []byte) byte {
	if b[0]&0x80 != 0 {
		return b[0] & 0xf0
	}
	return b[0]
}

// Skip passes over an element that is unknown in the message, TS 24.007 §11.2.4. It reports false if the element is
// marked "comprehension required".
func Skip(b []byte) (rest []byte, ok bool) {
	switch {
	case b[0]&0x80 != 0:
		return b[1:], true
	case b[0]&0xf0 == 0:
		return nil, false
	case b[0]&0xf0 == 0x70:
		_, rest = TLVE(b, 0, 0)
	default:
		_, rest = TLV(b, 0, 0)
	}
	return rest, true
}
