package build

import "github.com/limpid-5g/limpid/prove/licence"

// licenceOf is the SPDX expression of the module in dir, NOASSERTION if its text is not known.
func licenceOf(dir string) string {
	spdx, err := licence.Of(dir)
	if err != nil {
		return "NOASSERTION"
	}
	return spdx
}
