package pfcp

import "encoding/binary"

// What codec_gen.go is made of: IEs are a type and a length of two octets each and the value, TS 29.244 §8.1.1.

// maxPresize bounds how many elements are made room for at the first of a repeated IE: what a sender merely
// promises with empty IEs must not cost memory.
const maxPresize = 16

// next splits the first IE off b.
func next(b []byte) (t IEType, value, rest []byte, err *Error) {
	if len(b) < 4 {
		return 0, nil, nil, &Error{Cause: CauseInvalidLength, Detail: "octets after the last IE"}
	}
	t = IEType(binary.BigEndian.Uint16(b))
	end := 4 + int(binary.BigEndian.Uint16(b[2:]))
	if end > len(b) {
		return t, nil, nil, &Error{Cause: CauseInvalidLength, Offending: t, Detail: "IE longer than what holds it"}
	}
	return t, b[4:end], b[end:], nil
}

// room makes an empty slice for the IEs of type t in b, which begins with the first of them.
func room[T any](b []byte, t IEType) []T {
	n := 0
	for n < maxPresize && len(b) >= 4 {
		end := 4 + int(binary.BigEndian.Uint16(b[2:]))
		if IEType(binary.BigEndian.Uint16(b)) == t {
			n++
		}
		if end > len(b) {
			break
		}
		b = b[end:]
	}
	return make([]T, 0, n)
}

// grow appends a zero element and returns its place.
func grow[T any](s *[]T) *T {
	*s = append(*s, *new(T))
	return &(*s)[len(*s)-1]
}

// wrong is a known IE whose value cannot be read. An optional IE too refuses the message: a rule that was only half
// understood would forward what the CP function did not mean, TS 29.244 §7.6.7.
func wrong(c Cause, t IEType) *Error { return &Error{Cause: c, Offending: t} }

// missing names the first mandatory IE whose bit is not in seen, TS 29.244 §7.6.6.
func missing(seen uint32, mandatory ...IEType) *Error {
	for i, t := range mandatory {
		if seen>>i&1 == 0 {
			return &Error{Cause: CauseMandatoryIEMissing, Offending: t}
		}
	}
	return nil
}

// open begins an IE whose length is not known yet; shut fills the length in. at is len(dst) before open.
func open(dst []byte, t IEType) []byte { return append(dst, byte(t>>8), byte(t), 0, 0) }

func shut(dst []byte, at int) []byte {
	binary.BigEndian.PutUint16(dst[at+2:], uint16(len(dst)-at-4))
	return dst
}

func putUint8(dst []byte, t IEType, v uint8) []byte { return append(dst, byte(t>>8), byte(t), 0, 1, v) }

func putUint16(dst []byte, t IEType, v uint16) []byte {
	return append(dst, byte(t>>8), byte(t), 0, 2, byte(v>>8), byte(v))
}

func putUint32(dst []byte, t IEType, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, byte(t>>8), byte(t), 0, 4), v)
}

func putString(dst []byte, t IEType, v string) []byte {
	at := len(dst)
	return shut(append(open(dst, t), v...), at)
}
