package npcf

import (
	"errors"
	"testing"
)

func TestEthFlow(t *testing.T) {
	for _, text := range []string{
		"ethernet from any to any type 0x88f7",
		"ethernet from 02:00:00:00:00:01 to any",
		"ethernet from 02:00:00:00:00:01-02:00:00:00:00:ff to 02:00:00:00:01:00 type 0x0800 c-tag 100/5 s-tag 200",
		"ethernet from any to any c-tag */0",
		"ethernet from any to any s-tag 4094/7",
	} {
		f, err := ParseEthFlow(text)
		if err != nil || f.String() != text || !IsEthFlow(text) {
			t.Errorf("%q becomes %q: %v", text, f, err)
		}
	}
	for _, text := range []string{
		"", "ethernet", "ethernet from any to any", "ethernet to any from any type 0x88f7", "ethernet from any to any type", "ethernet from any to any type 0x5ff",
		"ethernet from any to any type 65536", "ethernet from 02:00:00:00:00 to any", "ethernet from 2:0:0:0:0:1 to any", "ethernet from 02:00:00:00:00:02-02:00:00:00:00:01 to any",
		"ethernet from any to any c-tag 0", "ethernet from any to any c-tag 4095", "ethernet from any to any c-tag 1/8", "ethernet from any to any c-tag *",
		"ethernet from any to any c-tag 1 c-tag 2", "ethernet from any to any vlan 1", "ethernet from 00:00:00:00:00:00 to any", "permit out ip from any to assigned",
	} {
		if f, err := ParseEthFlow(text); !errors.Is(err, ErrEthFlow) {
			t.Errorf("%q becomes %q: %v", text, f, err)
		}
	}
}

func FuzzEthFlow(f *testing.F) {
	f.Add("ethernet from 02:00:00:00:00:01-02:00:00:00:00:ff to any type 0x0800 c-tag 100/5 s-tag */3")
	f.Fuzz(func(t *testing.T, text string) {
		one, err := ParseEthFlow(text)
		if err != nil {
			return
		}
		if again, err := ParseEthFlow(one.String()); err != nil || again != one {
			t.Errorf("%q becomes %q, and that %q: %v", text, one, again, err)
		}
	})
}
