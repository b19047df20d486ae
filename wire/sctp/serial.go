package sctp

// before tells whether TSN a is older than b in serial number arithmetic, RFC 9260 §1.6.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// ssnBefore is before for stream sequence numbers, RFC 9260 §1.6.
func ssnBefore(a, b uint16) bool { return int16(a-b) < 0 }
