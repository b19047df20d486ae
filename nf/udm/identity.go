package udm

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

const (
	suciPrefix = "suci-"
	// maxIdentity is above the longest SUCI of an IMSI: 41 octets of scheme output around 5 of MSIN, in hexadecimal.
	maxIdentity = 256
)

// concealed is a SUCI of type IMSI, TS 23.003 §2.2B.
type concealed struct {
	mcc, mnc string
	scheme   suci.Scheme
	keyID    uint8
	output   string // digits of the MSIN under the null scheme, else hexadecimal
}

// parseSUCI reads "suci-0-<mcc>-<mnc>-<routing indicator>-<scheme>-<key id>-<output>", TS 23.003 §28.7.3 and
// TS 29.571 §5.3.2.
func parseSUCI(s string) (concealed, error) {
	part := strings.Split(strings.TrimPrefix(s, suciPrefix), "-")
	if len(part) != 7 {
		return concealed{}, fmt.Errorf("SUCI has %d parts, want 7", len(part))
	}
	if part[0] != "0" {
		return concealed{}, fmt.Errorf("SUCI of type %q, want 0 (IMSI)", part[0])
	}
	scheme, err := strconv.ParseUint(part[4], 16, 4)
	if err != nil {
		return concealed{}, fmt.Errorf("SUCI: protection scheme %q", part[4])
	}
	keyID, err := strconv.ParseUint(part[5], 10, 8)
	if err != nil {
		return concealed{}, fmt.Errorf("SUCI: home network public key identifier %q", part[5])
	}
	return concealed{mcc: part[1], mnc: part[2], scheme: suci.Scheme(scheme), keyID: uint8(keyID), output: part[6]}, nil
}

// identify returns the SUPI behind a SUPI or SUCI, TS 33.501 §6.12.2: this is the subscription identifier
// de-concealing function.
func (u *UDM) identify(supiOrSUCI string) (ident.SUPI, error) {
	if len(supiOrSUCI) > maxIdentity {
		return "", rejected("identity of %d characters, at most %d", len(supiOrSUCI), maxIdentity)
	}
	if !strings.HasPrefix(supiOrSUCI, suciPrefix) {
		supi, err := ident.ParseSUPI(supiOrSUCI)
		if err != nil {
			return "", rejected("SUPI: want imsi- and 6 to 15 digits")
		}
		if !slices.ContainsFunc(u.home, func(p ident.PLMN) bool { return strings.HasPrefix(supi.IMSI(), p.String()) }) {
			return "", u.foreign(supi.Conceal())
		}
		return supi, nil
	}
	c, err := parseSUCI(supiOrSUCI)
	if err != nil {
		return "", rejected("%v", err)
	}
	plmn, err := ident.ParsePLMN(c.mcc + "-" + c.mnc)
	if err != nil {
		return "", rejected("SUCI: %v", err)
	}
	if !slices.Contains(u.home, plmn) {
		return "", u.foreign("SUCI of " + plmn.String())
	}
	msin, err := u.deconceal(c)
	if err != nil {
		return "", rejected("SUCI of %s with %s, key %d: %v; compare the USIM's home network public key with the configured ones",
			plmn, c.scheme, c.keyID, err)
	}
	supi, err := ident.ParseSUPI(plmn.String() + msin)
	if err != nil {
		return "", rejected("SUCI of %s: %d digits of MSIN do not make an IMSI", plmn, len(msin))
	}
	return supi, nil
}

// deconceal returns the digits of the MSIN.
func (u *UDM) deconceal(c concealed) (string, error) {
	if c.scheme == suci.Null {
		return c.output, nil
	}
	output, err := hex.DecodeString(c.output)
	if err != nil {
		return "", fmt.Errorf("scheme output is not hexadecimal")
	}
	packed, err := u.keys.Deconceal(c.scheme, c.keyID, output)
	if err != nil {
		return "", err
	}
	return suci.UnpackMSIN(packed)
}

func (u *UDM) foreign(who string) error {
	return sbi.Problem(http.StatusNotFound, nudm.CauseUserNotFound,
		"%s is of another network; home networks here: %s", who, listPLMNs(u.home))
}

func rejected(format string, args ...any) error {
	return sbi.Problem(http.StatusForbidden, nudm.CauseAuthenticationRejected, format, args...)
}

func listPLMNs(plmns []ident.PLMN) string {
	names := make([]string, len(plmns))
	for i, p := range plmns {
		names[i] = p.String()
	}
	return strings.Join(names, ", ")
}
