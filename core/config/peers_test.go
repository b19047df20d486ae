package config

import (
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/ident"
)

// TestPeers: another core with what was left out filled in, and every way to say it wrong.
func TestPeers(t *testing.T) {
	const sbi = "sbi: {address: 192.0.2.1:8443, certificate: a.pem, key: a.key, ca: ca.pem}\n"
	const peer = "  - {name: b, address: 192.0.2.2:8443, guami: {region: 2, set: 2, pointer: 0}, tais: [{tacs: [9]}]}\n"
	c, err := Parse("f", []byte(whole+sbi+"peers:\n"+peer))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Peers[0].All()[0], (ident.TAI{PLMN: mustPLMN(t, "00101"), TAC: 9}); got != want {
		t.Errorf("tracking area %v, want %v", got, want)
	}
	if !c.AMF.DeriveKeysForPeers {
		t.Error("keys go along as they are unless the file says otherwise")
	}
	for _, wrong := range []struct{ text, want string }{
		{"peers:\n" + peer, "sbi.address: missing"},
		{strings.Replace(sbi, "key: a.key, ", "", 1) + "peers:\n" + peer, "sbi.key: missing"},
		{sbi + "peers:\n" + strings.Replace(peer, "name: b", "name: test", 1), "is the name of this core"},
		{sbi + "peers:\n" + peer + peer, `peers[1].name: "b" is there twice`},
		{sbi + "peers:\n" + strings.Replace(peer, "{region: 2, set: 2, pointer: 0}", "{region: 2, set: 1, pointer: 3}", 1), "it is that of this core's AMF"},
		{sbi + "peers:\n" + strings.Replace(peer, "address: 192.0.2.2:8443, ", "", 1), "peers[0].address: missing"},
		{sbi + "peers:\n" + strings.Replace(peer, "set: 2", "set: 2000", 1), "want a set of 0 to 1023"},
		{sbi + "peers:\n" + peer + strings.Replace(strings.Replace(peer, "name: b", "name: c", 1), "pointer: 0", "pointer: 1", 1), "is in peers[0] already"},
	} {
		if _, err := Parse("f", []byte(whole+wrong.text)); err == nil || !strings.Contains(err.Error(), wrong.want) {
			t.Errorf("%q: %v, want %q", wrong.text, err, wrong.want)
		}
	}
}
