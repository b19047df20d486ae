package aka

import "github.com/emmansun/gmsm/zuc"

// nea3 is 128-NEA3, TS 33.501 §D.2.1.4: 128-EEA3 on ZUC, TS 35.221 §3.
func nea3(key *[16]byte, count uint32, bearer, direction uint8, data []byte) {
	stream, err := zuc.NewEEACipher(key[:], count, uint32(bearer&31), uint32(direction&1))
	if err != nil {
		panic("aka: " + err.Error()) // only for a key that has not 16 octets
	}
	// The library's assembly writes the key stream over its destination before it reads the source, so it must not
	// work in place. Whole blocks keep the generator in step.
	var out [zucBlock]byte
	for len(data) > 0 {
		n := min(len(data), zucBlock)
		stream.XORKeyStream(out[:n], data[:n])
		copy(data, out[:n])
		data = data[n:]
	}
}

// zucBlock is a whole number of the 32-bit words that ZUC makes.
const zucBlock = 128

// nia3 is 128-NIA3, TS 33.501 §D.3.1.4: 128-EIA3 on ZUC.
func nia3(key *[16]byte, count uint32, bearer, direction uint8, data []byte) [4]byte {
	return eia3(key, count, bearer, direction, data, 8*len(data))
}

// eia3 is 128-EIA3 over the first bits of data, TS 35.221 §4.
func eia3(key *[16]byte, count uint32, bearer, direction uint8, data []byte, bits int) [4]byte {
	hash, err := zuc.NewEIAHash(key[:], count, uint32(bearer&31), uint32(direction&1))
	if err != nil {
		panic("aka: " + err.Error()) // only for a key that has not 16 octets
	}
	return [4]byte(hash.Finish(data, bits))
}
