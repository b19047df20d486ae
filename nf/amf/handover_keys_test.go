package amf

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// bareAMF has a table of UEs, and nothing on disk.
func bareAMF() *AMF {
	a := &AMF{log: slog.New(slog.DiscardHandler), cfg: Config{Name: "amf1"}}
	a.ues.init()
	return a
}

// movedTo is what a target AMF makes of the context that a source AMF gives, after the test has changed it.
func movedTo(t *testing.T, source *ue, change func(*AMF, *namf.UEContext)) (*ue, *handover, error) {
	t.Helper()
	target := bareAMF()
	target.cfg.GUAMI.Set++
	target.cfg.Ciphering, target.cfg.Integrity = []uint8{2, 1}, []uint8{2, 1}
	c := source.contextForTarget(&Peer{GUAMI: target.cfg.GUAMI})
	change(target, &c)
	u, h := target.newUE(), &handover{}
	if err := u.adopt(&c); err != nil {
		t.Fatal(err)
	}
	return u, h, u.securityFromSource(h, &c)
}

// connectedUE is a UE with a radio whose keys are of its KAMF.
func connectedUE(derive bool) *ue {
	a := bareAMF()
	a.cfg.HorizontalDerivation = derive
	u := fullUE(a)
	u.wake()
	u.capability = gmm.NewUESecurityCapability([]uint8{0, 2}, []uint8{2})
	kgnb := u.security.kamf.KAN(7, aka.Access3GPP)
	u.nextHop = firstNextHop(u.security.kamf, &kgnb)
	return u
}

func unchanged(*AMF, *namf.UEContext) {}

// TestKeysOfHandover: what source, target, radio and UE hold is what TS 33.501 §6.9.2.3.3 makes of the UE's key, step by step.
func TestKeysOfHandover(t *testing.T) {
	source := connectedUE(true)
	kamf, count := source.security.kamf, source.security.nas.Send+countBlock
	target, h, err := movedTo(t, source, unchanged)
	if err != nil {
		t.Fatal(err)
	}
	next := kamf.PrimeAtHandover(count)
	kgnb := next.KAN(1<<32-1, aka.Access3GPP)
	if target.security.kamf != next || !target.security.valid || target.security.nas.Receive != 0 || target.security.nas.Send != 1 {
		t.Errorf("security of the target: %+v", target.security)
	}
	if target.security.ksi != source.security.ksi {
		t.Errorf("ngKSI %d, want that of the UE", target.security.ksi)
	}
	if h.keys.told != (ngap.SecurityContext{NextHopNH: ngap.SecurityKey(kgnb)}) || h.keys.indication() == nil {
		t.Errorf("the radio hears %+v", h.keys)
	}
	if want := (nextHop{kamf: next, nh: next.FirstNH(&kgnb), ncc: 1}); h.keys.chain != want {
		t.Errorf("chain %+v, want %+v", h.keys.chain, want)
	}
	c, err := gmm.DecodeIntraN1Container(h.nasc)
	if err != nil || !c.NewKAMF || c.Sequence != uint8(count) || c.NgKSI.Value() != source.security.ksi {
		t.Fatalf("container %+v, %v", c, err)
	}
	mac := target.security.nas.MAC(&target.security.nas.KNASint, 1<<32-1, nas.Bearer3GPP, nas.Downlink, h.nasc[4:])
	if mac != c.MAC {
		t.Errorf("MAC %x, want %x", c.MAC, mac)
	}
	source.passCount(count)
	if source.security.nas.Send != count+1 || source.security.kamf != kamf {
		t.Errorf("the source goes on with COUNT %d of %x", source.security.nas.Send, source.security.kamf)
	}
}

// TestKeysOfHandoverStay: without a derivation, or within the set, key, COUNTs and chain go on, and the UE hears nothing.
func TestKeysOfHandoverStay(t *testing.T) {
	for _, derive := range []bool{false, true} {
		source := connectedUE(derive)
		if derive {
			source.amf.cfg.GUAMI.Set++ // as the target's
		}
		target, h, err := movedTo(t, source, unchanged)
		if err != nil {
			t.Fatal(err)
		}
		if target.security.kamf != source.security.kamf || target.security.nas.Send != source.security.nas.Send+countBlock ||
			target.security.nas.Receive != source.security.nas.Receive || h.nasc != nil {
			t.Errorf("derive %v: %+v, container %x", derive, target.security, h.nasc)
		}
		if h.keys.fresh || h.keys.chain != source.nextHop || source.nextHop.ncc != 2 {
			t.Errorf("derive %v: chain %+v, the source's %+v", derive, h.keys.chain, source.nextHop)
		}
	}
}

// TestContextWithoutKeys: what a source AMF cannot mean is refused, TS 29.518 §5.2.2.2.3.
func TestContextWithoutKeys(t *testing.T) {
	for name, change := range map[string]func(*AMF, *namf.UEContext){
		"no NH":               func(_ *AMF, c *namf.UEContext) { c.SEAFData.NH = nil },
		"short NH":            func(_ *AMF, c *namf.UEContext) { c.SEAFData.NH = c.SEAFData.NH[:31] },
		"no NCC":              func(_ *AMF, c *namf.UEContext) { c.SEAFData.NCC = nil },
		"NCC of 8":            func(_ *AMF, c *namf.UEContext) { *c.SEAFData.NCC = 8 },
		"new KAMF, old KgNB":  func(_ *AMF, c *namf.UEContext) { c.SEAFData.KeyAMFChangeInd = false },
		"algorithm not there": func(a *AMF, _ *namf.UEContext) { a.cfg.Integrity = []uint8{3} },
	} {
		source := connectedUE(true)
		if _, _, err := movedTo(t, source, change); err == nil {
			t.Errorf("%s: taken", name)
		} else if cause := causeOfAbandoned(err); (cause == ngap.CauseProtocolSemanticError) == strings.HasPrefix(name, "algorithm") {
			t.Errorf("%s: refused with %v", name, cause)
		}
	}
}
