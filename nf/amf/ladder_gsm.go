package amf

import "github.com/limpid-5g/limpid/wire/nas/gsm"

// sessionMessage names the 5GSM message that a NAS transport carries; the AMF otherwise never reads it.
func sessionMessage(b []byte) string {
	m, err := gsm.Decode(b)
	if err != nil {
		return ""
	}
	return m.Name()
}
