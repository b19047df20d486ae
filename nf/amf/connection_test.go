package amf

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// testGNB is a gNB of a and the messages that it hears.
func testGNB(a *AMF) (*gnb, func(t *testing.T) []string) {
	near, far := sctp.Pipe()
	g := a.newGNB(a.log)
	g.ready = true
	g.link(&tnla{amf: a, assoc: near, log: a.log})
	a.addGNB(g)
	var mu sync.Mutex
	var heard []string
	go func() {
		for {
			m, err := far.Receive(context.Background())
			if err != nil {
				return
			}
			if message, err := ngap.Decode(m.Data); err == nil {
				mu.Lock()
				heard = append(heard, message.Name())
				mu.Unlock()
			}
		}
	}()
	return g, func(t *testing.T) []string {
		t.Helper()
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(heard)
	}
}

// connected is a UE with a connection.
func connected(g *gnb, ran ngap.RANUENGAPID) (*ue, *connection) {
	u := g.amf.newUE()
	c := &connection{gnb: g, amfID: g.amf.ngapIDs.allot(), ranID: ran}
	c.ue.Store(u)
	g.open(c)
	u.conn = c
	return u, c
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("gNB heard %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("gNB heard %v, want %v", got, want)
		}
	}
}

// TestReleaseIsConfirmed: the identities of a released UE stay taken until the gNB confirms, or for a bounded time,
// TS 38.413 §8.3.3.
func TestReleaseIsConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		g, heard := testGNB(a)
		_, first := connected(g, 1)
		_, second := connected(g, 2)
		for _, c := range []*connection{first, first, second} {
			g.release(c, ngap.CauseNASNormalRelease) // once each, however often it is said
		}
		expect(t, heard(t), "UEContextReleaseCommand", "UEContextReleaseCommand")
		if first.lives() || g.connection(first.amfID) != first {
			t.Fatal("a released connection lives, or is forgotten before the gNB confirms")
		}
		g.links[0].deliver(&ngap.PDUSessionResourceSetupResponse{AMFUENGAPID: first.amfID, RANUENGAPID: 1}) // crossed the command
		g.links[0].deliver(&ngap.UEContextReleaseComplete{AMFUENGAPID: first.amfID, RANUENGAPID: 1})
		if g.connection(first.amfID) != nil || g.connectionByRAN(1) != nil {
			t.Fatal("the confirmed one is still there")
		}
		time.Sleep(ueContextRelease.Duration + time.Second)
		expect(t, heard(t), "UEContextReleaseCommand", "UEContextReleaseCommand")
		if g.connection(second.amfID) != nil {
			t.Fatal("the silent one is still there")
		}
		closeAll(t, a, g)
	})
}

// TestConnectionOfAGNBThatIsGone: what one of a gNB's associations still has to say when the other was the last to end makes no
// connection that lives, TS 38.412 §7.
func TestConnectionOfAGNBThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		g, _ := testGNB(a)
		dead := g.links[0]
		g.unlink(dead) // as who could not send there does
		near, _ := sctp.Pipe()
		last := &tnla{amf: a, assoc: near, log: a.log}
		g.link(last)
		last.leave()
		u := a.newUE()
		c := g.newConnection(a.ngapIDs.allot(), u, dead)
		c.ranID = 1
		g.open(c)
		synctest.Wait()
		if c.lives() || a.connections.get(c.amfID) != nil {
			t.Error("it lives")
		}
		g.links = []*tnla{dead}
		closeAll(t, a, g)
	})
}

// TestRepeatedRequestAfterAccept: the accept is sent again, TS 24.501 §5.5.1.2.8 d).
func TestRepeatedRequestAfterAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		g, heard := testGNB(a)
		u, c := connected(g, 1)
		u.running, u.request = registration, &gmm.RegistrationRequest{RegistrationType: 1}
		again := &initialMessage{conn: c, message: &gmm.RegistrationRequest{RegistrationType: 1}, verified: true}
		u.serveInitial(t.Context(), again)
		expect(t, heard(t)) // nothing to send again yet
		u.accepted = &gmm.RegistrationAccept{RegistrationResult: gmm.Registered3GPP}
		u.serveInitial(t.Context(), again)
		expect(t, heard(t), "DownlinkNASTransport")
		closeAll(t, a, g)
	})
}

// TestPanickedReleases: a UE whose procedure failed inside is released, and its context goes, TS 23.502 §4.2.6.
func TestPanickedReleases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		g, heard := testGNB(a)
		u, c := connected(g, 1)
		u.supi = "imsi-001010000000001"
		a.ues.bySUPI.put(u.supi, u)
		u.Panicked(&initialMessage{conn: c, message: &gmm.RegistrationRequest{}}, errors.New("test"))
		expect(t, heard(t), "DownlinkNASTransport", "UEContextReleaseCommand")
		if held := a.Snapshot(); held.Contexts != 0 || held.Connections != held.Releasing {
			t.Errorf("left behind: %+v", held)
		}
		closeAll(t, a, g)
	})
}

// TestMessageThatOutlivedItsConnection has no effect: an N2 answer that waited while the UE became idle, TS 23.502 §4.2.6.
func TestMessageThatOutlivedItsConnection(t *testing.T) {
	u := testAMF(t, testConfig()).newUE()
	u.sessions = []*smContext{{id: 1, ref: "1"}}
	u.Serve(t.Context(), &ngap.PDUSessionResourceSetupResponse{
		AMFUENGAPID: 1, PDUSessionResourceSetupListSURes: ngap.PDUSessionResourceSetupListSURes{{PDUSessionID: 1}},
	})
	if u.sessions[0].active {
		t.Error("an idle UE has a user plane")
	}
}

// TestKeysThatWentWhileAMessageWaited: an initial message is trusted only under the keys that it was checked with.
func TestKeysThatWentWhileAMessageWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		g, heard := testGNB(a)
		u, _ := connected(g, 1)
		u.supi, u.registered = "imsi-001010000000001", true
		_, other := connected(g, 2)
		other.ue.Store(u)
		m := &initialMessage{conn: other, message: &gmm.ServiceRequest{}, verified: true, keys: u.keys}
		u.keys++
		u.serveInitial(t.Context(), m)
		expect(t, heard(t), "DownlinkNASTransport", "UEContextReleaseCommand") // SERVICE REJECT
		closeAll(t, a, g)
	})
}

// TestAudit finds what is planted.
func TestAudit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		g, _ := testGNB(a)
		u, c := connected(g, 1)
		u.supi = "imsi-001010000000001"
		a.ues.bySUPI.put(u.supi, u)
		for name, plant := range map[string]func(){
			"unregistered":  func() {},
			"running":       func() { u.running = paging },
			"waiting":       func() { u.waiting = []*n1n2{{}} },
			"gone":          func() { g.close(c) },
			"user plane":    func() { u.conn, u.sessions = nil, []*smContext{{id: 1, active: true}} },
			"without table": func() { u.registered = true },
		} {
			plant()
			if len(a.Audit()) == 0 {
				t.Errorf("%s: nothing found", name)
			}
		}
		closeAll(t, a, g)
	})
}

// closeAll ends what a test began.
func closeAll(t *testing.T, a *AMF, g *gnb) {
	t.Helper()
	a.Close()
	if err := g.links[0].assoc.Abort("the test ends"); err != nil {
		t.Error(err)
	}
	synctest.Wait()
}
