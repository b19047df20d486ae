package flows

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/limpid-5g/limpid/aka/suci"
)

// The home network's public keys of TS 33.501 §C.4.3 and TS 33.501 §C.4.4, whose private halves flows put into their
// configuration.
const (
	publicKeyA = "5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650"
	publicKeyB = "0272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1"
)

// homeKey reads a ue line's suci=A:1 or suci=B:2, profile and key identifier; nothing is the null scheme.
func homeKey(spec string) (*suci.PublicKey, error) {
	if spec == "" {
		return nil, nil
	}
	var id uint8
	profile, number, _ := strings.Cut(spec, ":")
	if _, err := fmt.Sscan(number, &id); err != nil {
		return nil, fmt.Errorf("suci=%s: want A:1 or B:2: %w", spec, err)
	}
	scheme, digits := suci.ProfileA, publicKeyA
	if profile == "B" {
		scheme, digits = suci.ProfileB, publicKeyB
	}
	key, err := hex.DecodeString(digits)
	if err != nil {
		return nil, err
	}
	return suci.NewPublicKey(scheme, id, key)
}
