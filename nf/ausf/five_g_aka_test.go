package ausf_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/aka/tuak"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/ausf"
	"github.com/limpid-5g/limpid/nf/udm"
	"github.com/limpid-5g/limpid/nf/udr"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/store/storetest"
)

const network = aka.ServingNetwork("5G:mnc001.mcc001.3gppnetwork.org")

// home joins AUSF, UDM, UDR and the store as core/ does, for what none of them can show alone.
type home struct {
	*testing.T
	path string
	st   *sqlite.Store
	ausf *ausf.AUSF
	udm  *udm.UDM
	log  *bytes.Buffer
	keys *suci.KeyRing
	a, b *suci.PrivateKey
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{T: t, path: filepath.Join(t.TempDir(), "limpid.db"), log: new(bytes.Buffer)}
	var err error
	if h.a, err = suci.GeneratePrivateKey(rand.Reader, suci.ProfileA, 1); err != nil {
		t.Fatal(err)
	}
	if h.b, err = suci.GeneratePrivateKey(rand.Reader, suci.ProfileB, 2); err != nil {
		t.Fatal(err)
	}
	if h.keys, err = suci.NewKeyRing(h.a, h.b); err != nil {
		t.Fatal(err)
	}
	h.start()
	t.Cleanup(func() { _ = h.st.Close() })
	return h
}

// start opens the store and makes the network functions, as after a restart.
func (h *home) start() {
	h.Helper()
	var err error
	if h.st, err = sqlite.Open(h.Context(), h.path, sqlite.Options{Create: true}); err != nil {
		h.Fatal(err)
	}
	plmns := []ident.PLMN{mustPLMN("00101")}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	h.udm = udm.New(udm.Config{HomePLMNs: plmns, HomeNetworkKeys: h.keys}, udr.New(udr.Config{}, h.st, log), log)
	h.ausf = ausf.New(ausf.Config{ServingPLMNs: plmns}, h.udm, log)
}

func mustPLMN(s string) ident.PLMN {
	p, err := ident.ParsePLMN(s)
	if err != nil {
		panic(err)
	}
	return p
}

// usim is a simulated USIM with the ME's half of 5G AKA, TS 33.501 §6.1.3.2.0.
type usim struct {
	supi ident.SUPI
	alg  aka.Algorithm
	sqn  aka.Verifier
}

func (h *home) subscriber(i int, algorithm store.Algorithm) *usim {
	h.Helper()
	sub := storetest.Subscriber(i)
	k := sub.Authentication.K
	if algorithm == store.TUAK {
		sub.Authentication.Algorithm = store.TUAK
		sub.Authentication.OPc = append(append(store.Key{}, k...), k...)
	}
	if err := h.st.AddSubscribers(h.Context(), []store.Subscriber{sub}); err != nil {
		h.Fatal(err)
	}
	u := &usim{supi: sub.SUPI}
	if algorithm == store.Milenage {
		u.alg = milenage.New((*[16]byte)(k), (*milenage.OPc)(sub.Authentication.OPc))
		return u
	}
	alg, err := tuak.New(k, (*tuak.TOPc)(sub.Authentication.OPc), 8, 1)
	if err != nil {
		h.Fatal(err)
	}
	u.alg = alg
	return u
}

func (u *usim) suci() string {
	return "suci-0-001-01-0-0-0-" + u.supi.IMSI()[5:]
}

func (h *home) start5GAKA(id string, resync *nausf.ResynchronizationInfo) nausf.UEAuthenticationCtx {
	h.Helper()
	c, err := h.ausf.Authenticate(h.Context(), nausf.AuthenticationInfo{
		SUPIOrSUCI: id, ServingNetworkName: string(network), ResynchronizationInfo: resync,
	})
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// answer is what the UE does with a challenge: RES* and KSEAF, or an AUTS.
func (u *usim) answer(c *nausf.UEAuthenticationCtx) (res aka.RESStar, kseaf aka.KSEAF, auts *aka.AUTS, err error) {
	sqn, r, err := aka.OpenAUTN(u.alg, &c.Av5GAKA.RAND, &c.Av5GAKA.AUTN)
	if err != nil {
		return res, kseaf, nil, err
	}
	if err := u.sqn.Accept(sqn); err != nil {
		token := aka.NewAUTS(u.alg, &c.Av5GAKA.RAND, u.sqn.Highest())
		return res, kseaf, &token, nil
	}
	kausf := aka.NewKAUSF(&r.CK, &r.IK, network, c.Av5GAKA.AUTN.SQNxorAK())
	return aka.NewRESStar(&r.CK, &r.IK, network, &c.Av5GAKA.RAND, &r.RES), kausf.KSEAF(network), nil, nil
}

// authenticate runs 5G AKA to its end and checks both sides.
func (h *home) authenticate(u *usim, id string) {
	h.Helper()
	c := h.start5GAKA(id, nil)
	res, kseaf, auts, err := u.answer(&c)
	if err != nil || auts != nil {
		h.Fatalf("USIM refuses: err %v, AUTS %v", err, auts != nil)
	}
	if hres := aka.NewHRESStar(&c.Av5GAKA.RAND, &res); hres != c.Av5GAKA.HXRESStar {
		h.Fatal("HRES* is not HXRES*: the SEAF would refuse, TS 33.501 §6.1.3.2.0 step 9")
	}
	star := [16]byte(res)
	answer, err := h.ausf.Confirm5GAKA(h.Context(), c.AuthCtxID, nausf.ConfirmationData{RESStar: &star})
	if err != nil {
		h.Fatal(err)
	}
	if answer.AuthResult != nausf.AuthenticationSuccess || answer.SUPI != u.supi || answer.KSEAF != kseaf {
		h.Fatalf("result %s, SUPI right: %v, KSEAF the same: %v", answer.AuthResult, answer.SUPI == u.supi, answer.KSEAF == kseaf)
	}
	if event, known := h.udm.AuthenticationStatus(u.supi); !known || !event.Success {
		h.Fatal("the UDM was not told of the success, TS 33.501 §6.1.4.1a")
	}
}

// Test5GAKA: TS 33.501 §6.1.3.2.0 with each algorithm and each form of the identity.
func Test5GAKA(t *testing.T) {
	for _, algorithm := range []store.Algorithm{store.Milenage, store.TUAK} {
		t.Run(string(algorithm), func(t *testing.T) {
			h := newHome(t)
			u := h.subscriber(1, algorithm)
			msin, err := suci.PackMSIN(u.supi.IMSI()[5:])
			if err != nil {
				t.Fatal(err)
			}
			ids := []string{string(u.supi), u.suci()}
			for _, key := range []*suci.PrivateKey{h.a, h.b} {
				output, err := key.Public().Conceal(rand.Reader, msin)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, fmt.Sprintf("suci-0-001-01-0-%d-%d-%x", key.Scheme(), key.ID(), output))
			}
			for range 20 { // more than one block of sequence numbers
				for _, id := range ids {
					h.authenticate(u, id)
				}
			}
		})
	}
}

// TestSQNNeverComesAgain: after a restart the USIM still accepts, so no sequence number came twice, TS 33.102 §C.1.2.
func TestSQNNeverComesAgain(t *testing.T) {
	h := newHome(t)
	u := h.subscriber(1, store.Milenage)
	for range 5 {
		h.authenticate(u, u.suci())
		h.authenticate(u, u.suci())
		if err := h.st.Close(); err != nil {
			t.Fatal(err)
		}
		h.start()
	}
}

// TestResynchronisation: TS 33.102 §6.3.5, with a USIM that is ahead by little, by much, and one far behind.
func TestResynchronisation(t *testing.T) {
	for name, ahead := range map[string]uint64{"one": 1, "within a block": 10, "beyond a block": 1000, "far": 1 << 27} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			u := h.subscriber(1, store.Milenage)
			h.authenticate(u, u.suci())
			u.raise(t, ahead)
			c := h.start5GAKA(u.suci(), nil)
			_, _, auts, err := u.answer(&c)
			if err != nil || auts == nil {
				t.Fatalf("want a synchronisation failure: %v", err)
			}
			c = h.start5GAKA(u.suci(), &nausf.ResynchronizationInfo{RAND: c.Av5GAKA.RAND, AUTS: *auts})
			if _, _, auts, err = u.answer(&c); err != nil || auts != nil {
				t.Fatalf("the vector after resynchronisation is refused: err %v, AUTS %v", err, auts != nil)
			}
			h.authenticate(u, u.suci())
			if err := h.st.Close(); err != nil {
				t.Fatal(err)
			}
			h.start()
			h.authenticate(u, u.suci())
		})
	}
	t.Run("USIM far behind", func(t *testing.T) {
		h := newHome(t)
		u := h.subscriber(1, store.Milenage)
		if err := h.st.ResetSQN(t.Context(), u.supi, 1<<40); err != nil {
			t.Fatal(err)
		}
		c := h.start5GAKA(u.suci(), nil)
		_, _, auts, err := u.answer(&c)
		if err != nil || auts == nil {
			t.Fatalf("want a synchronisation failure: %v", err)
		}
		h.start5GAKA(u.suci(), &nausf.ResynchronizationInfo{RAND: c.Av5GAKA.RAND, AUTS: *auts})
		h.authenticate(u, u.suci())
	})
}

// raise makes the USIM accept sequence numbers from another source, so that it is ahead of the home network.
func (u *usim) raise(t *testing.T, by uint64) {
	t.Helper()
	top := u.sqn.Highest()
	for ind := range uint8(1 << aka.INDBits) {
		next, err := top.Advance(by, ind)
		if err == nil {
			err = u.sqn.Accept(next)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestForgedAUTS(t *testing.T) {
	h := newHome(t)
	u := h.subscriber(1, store.Milenage)
	c := h.start5GAKA(u.suci(), nil)
	before := h.ceiling(u)
	forged := aka.NewAUTS(u.alg, &c.Av5GAKA.RAND, 1<<40)
	forged[13] ^= 1
	_, err := h.ausf.Authenticate(t.Context(), nausf.AuthenticationInfo{
		SUPIOrSUCI: u.suci(), ServingNetworkName: string(network),
		ResynchronizationInfo: &nausf.ResynchronizationInfo{RAND: c.Av5GAKA.RAND, AUTS: forged},
	})
	if sbi.CauseOf(err) != nausf.CauseAuthenticationRejected {
		t.Fatalf("error %v, want %s", err, nausf.CauseAuthenticationRejected)
	}
	if after := h.ceiling(u); after != before {
		t.Fatalf("a forged AUTS moved the ceiling from %s to %s", before, after)
	}
}

func (h *home) ceiling(u *usim) aka.SQN {
	h.Helper()
	sub, err := h.st.Subscriber(h.Context(), u.supi)
	if err != nil {
		h.Fatal(err)
	}
	return sub.Authentication.SQN
}

// TestWrongKey: the USIM finds the MAC wrong, and an answer made with another key fails, TS 33.501 §6.1.3.2.2.
func TestWrongKey(t *testing.T) {
	h := newHome(t)
	u := h.subscriber(1, store.Milenage)
	stranger := *u
	stranger.alg = milenage.New(&[16]byte{0xff}, &milenage.OPc{})
	c := h.start5GAKA(u.suci(), nil)
	if _, _, _, err := stranger.answer(&c); err == nil {
		t.Fatal("a USIM with another key accepts the challenge")
	}
	for name, data := range map[string]nausf.ConfirmationData{"wrong": {RESStar: new([16]byte)}, "none": {}} {
		c := h.start5GAKA(u.suci(), nil)
		answer, err := h.ausf.Confirm5GAKA(t.Context(), c.AuthCtxID, data)
		if err != nil {
			t.Fatal(err)
		}
		if answer.AuthResult != nausf.AuthenticationFailure || answer.SUPI != "" || answer.KSEAF != (aka.KSEAF{}) {
			t.Fatalf("%s RES*: result %s, or a key was given out", name, answer.AuthResult)
		}
		if event, known := h.udm.AuthenticationStatus(u.supi); !known || event.Success {
			t.Fatalf("%s RES*: the UDM was not told of the failure", name)
		}
	}
}

// TestWriteIsSeenAtOnce: a subscriber that another process adds, changes and removes while the core runs.
func TestWriteIsSeenAtOnce(t *testing.T) {
	h := newHome(t)
	other, err := sqlite.Open(t.Context(), h.path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	core := h.st
	h.st = other // provisioning goes through the other handle, the NFs keep theirs
	defer func() { h.st = core }()
	u := h.subscriber(1, store.Milenage)
	h.authenticate(u, u.suci())
	if err := other.RemoveSubscriber(t.Context(), u.supi); err != nil {
		t.Fatal(err)
	}
	_, err = h.ausf.Authenticate(t.Context(), nausf.AuthenticationInfo{SUPIOrSUCI: u.suci(), ServingNetworkName: string(network)})
	if sbi.CauseOf(err) != nausf.CauseUserNotFound {
		t.Fatalf("error %v, want %s", err, nausf.CauseUserNotFound)
	}
	u = h.subscriber(1, store.TUAK) // a new card under the same IMSI
	h.authenticate(u, u.suci())
}

// TestManyAtOnce: authentications of the same few subscribers at once never get a sequence number twice.
func TestManyAtOnce(t *testing.T) {
	h := newHome(t)
	const subscribers, each = 4, 50
	cards := make([]*usim, subscribers)
	for i := range cards {
		cards[i] = h.subscriber(i, store.Milenage)
	}
	var mu sync.Mutex
	seen := make(map[string]bool)
	var wg sync.WaitGroup
	for i := range subscribers * each {
		wg.Go(func() {
			u := cards[i%subscribers]
			c, err := h.ausf.Authenticate(t.Context(), nausf.AuthenticationInfo{SUPIOrSUCI: u.suci(), ServingNetworkName: string(network)})
			if err != nil {
				t.Error(err)
				return
			}
			sqn, _, err := aka.OpenAUTN(u.alg, &c.Av5GAKA.RAND, &c.Av5GAKA.AUTN)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			key := string(u.supi) + sqn.String()
			if seen[key] {
				t.Errorf("sequence number %s came twice", sqn)
			}
			seen[key] = true
		})
	}
	wg.Wait()
}

// TestNothingSecretIsLogged: neither keys nor whole identities, whatever happened.
func TestNothingSecretIsLogged(t *testing.T) {
	h := newHome(t)
	u := h.subscriber(1, store.Milenage)
	c := h.start5GAKA(u.suci(), nil)
	if _, err := h.ausf.Confirm5GAKA(t.Context(), c.AuthCtxID, nausf.ConfirmationData{}); err != nil {
		t.Fatal(err)
	}
	auts := aka.NewAUTS(u.alg, &c.Av5GAKA.RAND, 1<<40)
	h.start5GAKA(u.suci(), &nausf.ResynchronizationInfo{RAND: c.Av5GAKA.RAND, AUTS: auts})
	_, err := h.ausf.Authenticate(t.Context(), nausf.AuthenticationInfo{SUPIOrSUCI: "imsi-001019999999999", ServingNetworkName: string(network)})
	text := h.log.String() + fmt.Sprint(err)
	if !strings.Contains(text, u.supi.Conceal()) {
		t.Fatalf("the log names no one: %q", text)
	}
	sub, err := h.st.Subscriber(t.Context(), u.supi)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{u.supi.IMSI(), "001019999999999", hex.EncodeToString(sub.Authentication.K), hex.EncodeToString(sub.Authentication.OPc)} {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is in the log: %q", text)
		}
	}
}

// BenchmarkAuthenticate is one whole 5G AKA in the home network, from the SUCI to KSEAF, over the store.
func BenchmarkAuthenticate(b *testing.B) {
	st, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	if err := st.AddSubscribers(b.Context(), []store.Subscriber{storetest.Subscriber(1)}); err != nil {
		b.Fatal(err)
	}
	plmns := []ident.PLMN{mustPLMN("00101")}
	log := slog.New(slog.DiscardHandler)
	home := ausf.New(ausf.Config{ServingPLMNs: plmns},
		udm.New(udm.Config{HomePLMNs: plmns}, udr.New(udr.Config{}, st, log), log), log)
	b.ReportAllocs()
	for b.Loop() {
		c, err := home.Authenticate(b.Context(), nausf.AuthenticationInfo{
			SUPIOrSUCI: "suci-0-001-01-0-0-0-0000000001", ServingNetworkName: string(network),
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := home.Confirm5GAKA(b.Context(), c.AuthCtxID, nausf.ConfirmationData{}); err != nil {
			b.Fatal(err)
		}
	}
}
