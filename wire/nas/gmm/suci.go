package gmm

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// SUPIFormat is the type of the SUPI in a SUCI, TS 24.501 §9.11.3.4.
type SUPIFormat uint8

// SUPI formats. The unused ones count as IMSI.
const (
	SUPIIMSI            SUPIFormat = 0
	SUPINetworkSpecific SUPIFormat = 1
	SUPIGCI             SUPIFormat = 2
	SUPIGLI             SUPIFormat = 3
)

// ProtectionScheme is the protection scheme identifier of a SUCI, TS 33.501 §C.1. 12 to 15 are the operator's own.
type ProtectionScheme uint8

// Protection schemes.
const (
	NullScheme ProtectionScheme = 0
	ProfileA   ProtectionScheme = 1
	ProfileB   ProtectionScheme = 2
)

// RoutingIndicator is 1 to 4 digits in two octets, TS 23.003 §2.2B, as on the wire: the first digit in the lower half of
// the first octet, 0xf for none.
type RoutingIndicator [2]byte

// NoRoutingIndicator is what a USIM without a routing indicator sends: the digit 0.
var NoRoutingIndicator = RoutingIndicator{0xf0, 0xff}

// ParseRoutingIndicator reads 1 to 4 digits.
func ParseRoutingIndicator(s string) (RoutingIndicator, error) {
	r := RoutingIndicator{0xff, 0xff}
	if len(s) == 0 || len(s) > 4 {
		return r, nas.ErrLength
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return r, nas.ErrDigit
		}
		if i%2 == 0 {
			r[i/2] = 0xf0 | d
		} else {
			r[i/2] = d<<4 | r[i/2]&0x0f
		}
	}
	return r, nil
}

// String is the digits.
func (r RoutingIndicator) String() string {
	s := bcd(make([]byte, 0, 4), r[:])
	return string(s)
}

func (r RoutingIndicator) valid() bool {
	end := false
	for i := range 4 {
		d := r[i/2] >> (4 * (i % 2)) & 0x0f
		if d == filler {
			end = true
		} else if d > 9 || end {
			return false
		}
	}
	return r[0]&0x0f != filler
}

// SUCI is a subscription concealed identifier, TS 24.501 §9.11.3.4 and TS 23.003 §2.2B.
type SUCI struct {
	Format SUPIFormat
	// The fields up to SchemeOutput are those of an IMSI.
	PLMN             ident.PLMN // home network
	RoutingIndicator RoutingIndicator
	Scheme           ProtectionScheme
	// PublicKeyID is the home network public key identifier, 0 for the null scheme.
	PublicKeyID uint8
	// SchemeOutput is the MSIN in BCD for the null scheme, else ephemeral public key, ciphertext and MAC (TS 33.501 §C.3).
	SchemeOutput []byte
	// NAI is the SUCI of the other formats, TS 23.003 §28.7.3.
	NAI []byte
}

const (
	suciHeaderLen = 8 // octets 4 to 11 of the element
	maxNullMSIN   = 5 // octets of BCD: 10 digits
	maxSUCIOutput = 3000
)

// NullSchemeSUCI returns the SUCI of an IMSI with the null scheme; plmn has to be its head.
func NullSchemeSUCI(supi ident.SUPI, plmn ident.PLMN) (SUCI, error) {
	msin, ok := strings.CutPrefix(supi.IMSI(), plmn.String())
	if !ok || msin == "" || len(msin) > 2*maxNullMSIN {
		return SUCI{}, fmt.Errorf("%s is not of PLMN %s", supi.Conceal(), plmn)
	}
	return SUCI{PLMN: plmn, RoutingIndicator: NoRoutingIndicator, SchemeOutput: packBCD(msin)}, nil
}

// SUPI returns the identity in a SUCI of the null scheme and format IMSI, and false for any other.
func (s SUCI) SUPI() (ident.SUPI, bool) {
	if s.Format != SUPIIMSI || s.Scheme != NullScheme {
		return "", false
	}
	supi, err := ident.ParseSUPI(s.PLMN.String() + s.MSIN())
	return supi, err == nil
}

// MSIN returns the digits of the scheme output of the null scheme, "" for another scheme.
func (s SUCI) MSIN() string {
	if s.Format != SUPIIMSI || s.Scheme != NullScheme {
		return ""
	}
	return string(bcd(make([]byte, 0, 2*maxNullMSIN), s.SchemeOutput))
}

// String is the form of TS 29.571 §5.3.2: "suci-0-001-01-0-0-0-0000000001". It names the subscriber if the scheme is null.
func (s SUCI) String() string {
	if s.Format != SUPIIMSI {
		return fmt.Sprintf("suci-%d-%s", s.Format, s.NAI)
	}
	output := s.MSIN()
	if s.Scheme != NullScheme {
		output = hex.EncodeToString(s.SchemeOutput)
	}
	return fmt.Sprintf("suci-0-%s-%s-%s-%x-%d-%s", s.PLMN.MCC(), s.PLMN.MNC(), s.RoutingIndicator, s.Scheme, s.PublicKeyID, output)
}

// Conceal is the form for logs: the home network and scheme, and of a null scheme's MSIN the last two digits.
func (s SUCI) Conceal() string {
	if s.Format != SUPIIMSI {
		return fmt.Sprintf("suci-%d-***", s.Format)
	}
	tail := "***"
	if msin := s.MSIN(); len(msin) > 2 {
		tail += msin[len(msin)-2:]
	}
	return fmt.Sprintf("suci-0-%s-%s-%s-%x-%d-%s", s.PLMN.MCC(), s.PLMN.MNC(), s.RoutingIndicator, s.Scheme, s.PublicKeyID, tail)
}

func (s *SUCI) parse(b []byte) error {
	s.Format = SUPIFormat(b[0] >> 4 & 7)
	if s.Format > SUPIGLI {
		s.Format = SUPIIMSI
	}
	if s.Format != SUPIIMSI {
		if len(b) < 2 || len(b) > maxSUCIOutput {
			return nas.ErrLength
		}
		s.NAI = b[1:]
		return nil
	}
	if len(b) <= suciHeaderLen || len(b) > suciHeaderLen+maxSUCIOutput {
		return nas.ErrLength
	}
	s.PLMN = ident.PLMN(b[1:4])
	s.RoutingIndicator = RoutingIndicator(b[4:6])
	s.Scheme = ProtectionScheme(b[6] & 0x0f)
	s.PublicKeyID = b[7]
	s.SchemeOutput = b[suciHeaderLen:]
	return s.check()
}

func (s *SUCI) check() error {
	switch {
	case !s.PLMN.Valid() || !s.RoutingIndicator.valid():
		return nas.ErrDigit
	case s.Scheme != NullScheme:
		return nil
	case len(s.SchemeOutput) > maxNullMSIN:
		return nas.ErrLength
	case !validBCD(s.SchemeOutput):
		return nas.ErrDigit
	}
	return nil
}

func (s SUCI) append(dst []byte) ([]byte, error) {
	dst = append(dst, byte(s.Format)<<4|byte(IdentitySUCI))
	if s.Format > SUPIGLI {
		return dst, nas.ErrReserved
	}
	if s.Format != SUPIIMSI {
		if len(s.NAI) == 0 || len(s.NAI) >= maxSUCIOutput {
			return dst, nas.ErrLength
		}
		return append(dst, s.NAI...), nil
	}
	if len(s.SchemeOutput) == 0 || len(s.SchemeOutput) > maxSUCIOutput || s.Scheme > 0x0f {
		return dst, nas.ErrLength
	}
	if err := s.check(); err != nil {
		return dst, err
	}
	dst = append(dst, s.PLMN[:]...)
	dst = append(dst, s.RoutingIndicator[:]...)
	dst = append(dst, byte(s.Scheme), s.PublicKeyID)
	return append(dst, s.SchemeOutput...), nil
}

// bcd appends the digits of b, two an octet, the first in the lower half.
func bcd(dst, b []byte) []byte {
	for _, o := range b {
		dst = append(dst, '0'+o&0x0f)
		if o>>4 != filler {
			dst = append(dst, '0'+o>>4)
		}
	}
	for len(dst) > 0 && dst[len(dst)-1] == '0'+filler {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func packBCD(digits string) []byte {
	b := make([]byte, 0, (len(digits)+1)/2)
	for i := 0; i < len(digits); i += 2 {
		high := byte(filler)
		if i+1 < len(digits) {
			high = digits[i+1] - '0'
		}
		b = append(b, high<<4|(digits[i]-'0'))
	}
	return b
}

// validBCD allows the filler only in the upper half of the last octet.
func validBCD(b []byte) bool {
	for i, o := range b {
		if o&0x0f > 9 || o>>4 > 9 && (o>>4 != filler || i != len(b)-1) {
			return false
		}
	}
	return true
}
