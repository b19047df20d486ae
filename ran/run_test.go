package ran_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// TestRun: UEs of which the middle one is refused; the others register, get a session and deregister.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sctp.Pipe()
		n := &network{t: t, assoc: a, upf: testUPF, held: new([]ngap.Message)}
		first := ran.Credentials{IMSI: testIMSI, Key: "465b5ce8b199b49faa5f0a2ee238a6bc", OPc: "e8ed289deba952e4283b54e88e6183ca"}
		all, err := ran.Consecutive(first, 3)
		if err != nil {
			t.Fatal(err)
		}
		plan := ran.Plan{
			NoTunnel: true, Parallel: 1, Session: ue.SessionOptions{DNN: "internet"},
			GNB: gnb.Config{PLMN: testPLMN, TAC: 1, Dial: func(context.Context) (sctp.Association, error) { return b, nil }},
		}
		for _, c := range all {
			usim, err := c.USIM(testPLMN)
			if err != nil {
				t.Fatal(err)
			}
			plan.UEs = append(plan.UEs, ue.Config{USIM: usim})
		}
		contexts := map[string]*network{}
		done := n.script(func() {
			n.setup()
			for i, c := range all {
				n.imsi = c.IMSI
				if i == 1 {
					initial[*gmm.RegistrationRequest](n)
					n.plain(&gmm.RegistrationReject{Cause: gmm.CausePLMNNotAllowed})
					n.release(ngap.CauseNASUnspecified)
					continue
				}
				n.sec = nil
				n.register()
				n.session()
				saved := *n
				contexts[c.IMSI] = &saved
			}
			for _, i := range []int{0, 2} {
				m := contexts[all[i].IMSI]
				uplink[*gmm.DeregistrationRequestUEOriginating](m)
				m.secure(&gmm.DeregistrationAcceptUEOriginating{})
				m.release(ngap.CauseNASDeregister)
			}
		})
		results, err := ran.Run(t.Context(), plan)
		<-done
		if err != nil {
			t.Fatal(err)
		}
		for i := range results {
			r := &results[i]
			if r.IMSI != all[i].IMSI || r.OK() != (i != 1) {
				t.Errorf("%d: %+v", i, r)
			}
		}
		if !errors.Is(results[1].Err, gmm.CausePLMNNotAllowed) || results[0].Address != testUE {
			t.Errorf("results %+v", results)
		}
	})
}

// TestRest: a phone at rest registers when T3512 expires, TS 24.501 §5.3.7, answers paging, and deregisters from idle mode.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sctp.Pipe()
		n := &network{t: t, assoc: a, upf: testUPF, imsi: testIMSI}
		usim := &ue.USIM{SUPI: "imsi-" + testIMSI, HomePLMN: testPLMN, Algorithm: testAlgorithm()}
		plan := ran.Plan{
			NoTunnel: true, NoSession: true, Stay: 100 * time.Minute, UEs: []ue.Config{{USIM: usim}},
			GNB: gnb.Config{PLMN: testPLMN, TAC: 1, Dial: func(context.Context) (sctp.Association, error) { return b, nil }},
		}
		done := n.script(func() {
			n.setup()
			n.register()
			n.release(ngap.CauseRadioNetworkUserInactivity)
			start := time.Now()
			m, _ := initial[*gmm.RegistrationRequest](n)
			if m.RegistrationType.Value() != gmm.PeriodicRegistrationUpdate || time.Since(start) != time.Hour {
				t.Errorf("registration type %v after %v", m.RegistrationType, time.Since(start))
			}
			n.secure(n.accept())
			uplink[*gmm.RegistrationComplete](n)
			n.release(ngap.CauseNASNormalRelease)
			stmsi := ngap.NewFiveGSTMSI(ident.GUTI{GUAMI: testGUAMI, TMSI: n.tmsi}.STMSI())
			n.send(&ngap.Paging{
				UEPagingIdentity: ngap.UEPagingIdentity{FiveGSTMSI: &stmsi},
				TAIListForPaging: ngap.TAIListForPaging{{TAI: ngap.NewTAI(testTAI)}},
			})
			initial[*gmm.ServiceRequest](n)
			n.secure(&gmm.ServiceAccept{})
			n.release(ngap.CauseRadioNetworkUserInactivity)
			initial[*gmm.DeregistrationRequestUEOriginating](n)
			n.secure(&gmm.DeregistrationAcceptUEOriginating{})
			n.release(ngap.CauseNASDeregister)
		})
		results, err := ran.Run(t.Context(), plan)
		<-done
		if err != nil || !results[0].OK() {
			t.Errorf("%+v, %v", results, err)
		}
	})
}

func TestConsecutive(t *testing.T) {
	tests := []struct {
		first string
		count int
		last  string // empty: an error
	}{
		{"001010000000001", 10, "001010000000010"},
		{"001010000000999", 2, "001010000001000"},
		{"999999999999999", 2, ""},
		{"001010000000001", 0, ""},
		{"001010000000001", ran.MaxUEs + 1, ""},
		{"00101", 1, ""},
	}
	for _, tt := range tests {
		all, err := ran.Consecutive(ran.Credentials{IMSI: tt.first}, tt.count)
		if (err == nil) != (tt.last != "") || err == nil && all[len(all)-1].IMSI != tt.last {
			t.Errorf("%s and %d: %v", tt.first, tt.count, err)
		}
	}
}

func TestReadCredentials(t *testing.T) {
	const good = "IMSI,Key,algorithm,OPc,dnn\n001010000000001,aa,milenage,bb,internet\n001010000000002,cc,TUAK,dd,\n"
	all, err := ran.ReadCredentials(strings.NewReader(good))
	if err != nil || len(all) != 2 || all[1] != (ran.Credentials{IMSI: "001010000000002", Key: "cc", OPc: "dd", Algorithm: "tuak"}) {
		t.Errorf("%+v, %v", all, err)
	}
	for _, bad := range []string{"", "imsi,key,opc\n", "imsi,key\n1,2\n", "imsi,key,opc\n1,2\n", "imsi,key,opc\n001010000000001,,bb\n"} {
		if _, err := ran.ReadCredentials(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestUSIM(t *testing.T) {
	k16, k32 := strings.Repeat("11", 16), strings.Repeat("22", 32)
	tests := []struct {
		c  ran.Credentials
		ok bool
	}{
		{ran.Credentials{IMSI: testIMSI, Key: k16, OPc: k16}, true},
		{ran.Credentials{IMSI: testIMSI, Key: k16, OP: k16}, true},
		{ran.Credentials{IMSI: testIMSI, Key: k32, OPc: k32, Algorithm: "tuak"}, true},
		{ran.Credentials{IMSI: testIMSI, Key: k16, OP: k32, Algorithm: "tuak"}, true},
		{ran.Credentials{IMSI: testIMSI, Key: k32, OPc: k16}, false},
		{ran.Credentials{IMSI: testIMSI, Key: k16, OPc: k32}, false},
		{ran.Credentials{IMSI: testIMSI, Key: k16}, false},
		{ran.Credentials{IMSI: testIMSI, Key: "zz", OPc: k16}, false},
		{ran.Credentials{IMSI: "999700000000001", Key: k16, OPc: k16}, false},
		{ran.Credentials{IMSI: testIMSI, Key: k16, OPc: k16, Algorithm: "xor"}, false},
	}
	for _, tt := range tests {
		if _, err := tt.c.USIM(testPLMN); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.c, err)
		}
	}
}

// TestSUCI: the home network reads what the UE conceals, TS 33.501 §C.3.
func TestSUCI(t *testing.T) {
	for _, scheme := range []suci.Scheme{suci.ProfileA, suci.ProfileB} {
		private, err := suci.GeneratePrivateKey(rand.Reader, scheme, 27)
		if err != nil {
			t.Fatal(err)
		}
		name := map[suci.Scheme]string{suci.ProfileA: "A", suci.ProfileB: "B"}[scheme]
		key, err := ran.ParseSUCI(fmt.Sprintf("%s:27:%x", name, private.Public().Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, func(_ *gnb.Config, c *ue.Config) { c.USIM.HomeKey, c.USIM.RoutingIndicator = key, "12" })
			b.with(func() {
				request, _ := initial[*gmm.RegistrationRequest](b.network)
				s := request.MobileIdentity.SUCI
				msin, err := private.Deconceal(s.SchemeOutput)
				if err != nil || s.PublicKeyID != 27 || s.RoutingIndicator.String() != "12" || s.PLMN != testPLMN {
					t.Errorf("SUCI %+v, %v", s, err)
					return
				}
				if digits, err := suci.UnpackMSIN(msin); err != nil || "00101"+digits != testIMSI {
					t.Errorf("MSIN %s, %v", digits, err)
				}
				b.plain(&gmm.RegistrationReject{Cause: gmm.CausePLMNNotAllowed})
				b.release(ngap.CauseNASUnspecified)
			}, func() { b.ue.Register(t.Context(), ue.RegisterOptions{}) })
		})
	}
	for _, bad := range []string{"C:1:00", "A", "A:256:00", "A:1:zz", "A:1:00"} {
		if _, err := ran.ParseSUCI(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
