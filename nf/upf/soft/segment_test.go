package soft

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestSum compares with the plain sum of RFC 1071 §4.1 for all lengths and starts.
func TestSum(t *testing.T) {
	b := make([]byte, 200)
	random := rand.NewChaCha8([32]byte{7})
	for range 50 {
		_, _ = random.Read(b)
		if random.Uint64()%4 == 0 {
			copy(b, bytes.Repeat([]byte{0xff}, 150))
		}
		for n := range b {
			if got, want := ^fold(sum(0, b[:n])), checksum(b[:n]); got != want {
				t.Fatalf("%d octets: %04x, want %04x", n, got, want)
			}
		}
	}
}

// big is a TCP packet of n octets of data with the kernel's header before it.
func big(v6 bool, n, size int, flags byte) []byte {
	tcp := []byte{0, 80, 0, 90, 0xff, 0xff, 0xff, 0x00, 0, 0, 0, 1, 0x60, flags, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1}
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	packet, start, kind := ipv4(dnAddr, ue, 6, append(tcp, data...)), 20, byte(virtioTCPv4)
	if v6 {
		packet, start, kind = ipv6(dnAddr6, ue6, 6, append(tcp, data...)), 40, virtioTCPv6
	}
	h := []byte{virtioNeedsChecksum, kind | virtioECN, 0, 0}
	h = binary.NativeEndian.AppendUint16(h, uint16(size))
	h = binary.NativeEndian.AppendUint16(h, uint16(start))
	return append(binary.NativeEndian.AppendUint16(h, 16), packet...)
}

// TestSegment wants the parts of a large packet to be whole packets with right lengths, sequence numbers, flags and
// checksums, RFC 9293 §3.1.
func TestSegment(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		for _, n := range []int{1, 999, 1000, 1001, 3500, 60000} {
			start, got, parts := 20, []byte{}, 0
			if v6 {
				start = 40
			}
			ok := unpack(big(v6, n, 1000, tcpFIN|tcpPSH|tcpCWR|0x10), func(header, body []byte) {
				p := append(bytes.Clone(header), body...)
				s := p[start:]
				first, last := parts == 0, (parts+1)*1000 >= n
				if seq := binary.BigEndian.Uint32(s[4:]); seq != 0xffffff00+uint32(parts*1000) {
					t.Errorf("sequence %#x of part %d", seq, parts)
				}
				if f := s[13]; (f&tcpFIN != 0) != last || (f&tcpPSH != 0) != last || (f&tcpCWR != 0) != first || f&0x10 == 0 {
					t.Errorf("flags %#x of part %d", f, parts)
				}
				pseudo := binary.BigEndian.AppendUint32(bytes.Clone(p[start-8:start]), uint32(len(s)))
				if v6 {
					pseudo = binary.BigEndian.AppendUint32(bytes.Clone(p[8:40]), uint32(len(s)))
				} else if checksum(p[:20]) != 0 || binary.BigEndian.Uint16(p[2:]) != uint16(len(p)) || binary.BigEndian.Uint16(p[4:]) != uint16(1+parts) {
					t.Errorf("IPv4 header %x", p[:20])
				}
				if v6 && binary.BigEndian.Uint16(p[4:]) != uint16(len(s)) {
					t.Errorf("IPv6 header %x", p[:40])
				}
				if checksum(append(append(pseudo, 0, 0, 0, 6), s...)) != 0 {
					t.Errorf("checksum of part %d", parts)
				}
				got = append(got, body...)
				parts++
			})
			if want := big(v6, n, 1000, 0); !ok || parts != (n+999)/1000 || !bytes.Equal(got, want[len(want)-n:]) {
				t.Errorf("%d octets: %v, %d parts", n, ok, parts)
			}
		}
	}
}

// FuzzUnpack wants no panic and no packet longer than what was read.
func FuzzUnpack(f *testing.F) {
	f.Add(big(false, 3000, 1000, 0x18))
	f.Add(big(true, 10, 1000, 0x18))
	f.Add(append(make([]byte, virtioHeader), ipv4(dnAddr, ue, 17, udp(1, 2, "x"))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := len(b)
		unpack(b, func(header, body []byte) {
			if len(header)+len(body) > n {
				t.Fatalf("%d octets of %d", len(header)+len(body), n)
			}
		})
	})
}
