package flows

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	randomSeed = flag.Uint64("random-seed", 0, "play the random flow of this seed alone")
	randomRuns = flag.Uint64("random-runs", 100, "how many random flows to play")
)

// randomOperations is how many operations one random flow has.
const randomOperations = 120

// freshSeeds is how many of the random flows nobody has played before.
const freshSeeds = 10

// TestRandom plays random scripts, 12,000 operations in all, with UEs and gNBs that misbehave now and then: they are
// silent, say things twice, late, out of order or wrong, lose each other, and the UPF does not answer. Whatever happens,
// nothing may panic or hang, every view of UEs and sessions must agree with every other, and nothing may be left behind
// once everybody is gone; and then a phone can register. A failure prints its seed.
func TestRandom(t *testing.T) {
	if *randomSeed != 0 {
		playRandom(t, *randomSeed)
		return
	}
	for i := range *randomRuns {
		seed := i + 1
		if i+freshSeeds >= *randomRuns {
			seed = rand.Uint64()
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { playRandom(t, seed) })
	}
}

func playRandom(t *testing.T, seed uint64) {
	f, err := Parse("random", []byte("TS 23.502 §4.2: random\n-- script --\nwait 1s\n"))
	if err != nil {
		t.Fatal(err)
	}
	randomNetwork(&f, seed)
	dir := folder(t)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s, err := newStage(&f, dir, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), synctest.Wait)
		if err != nil {
			t.Fatal(err)
		}
		s.chaos = &chaos{random: rand.New(rand.NewPCG(seed, 2))}
		randomScript(s, rand.New(rand.NewPCG(seed, 1)))
		s.chaos.stop()
		s.begun = nil
		s.silent.Store(false)
		s.n4Fault.Store(nil)
		time.Sleep(quiet) // every command has come to its end, whatever it is
		if err := s.audit(t.Context()); err != nil {
			t.Errorf("left behind: %v", err)
		}
		if ladder, err := s.play([]string{"policy none.yaml", "aaa heard", "gnb last slices=1,2-010203", "ue late gnb=last imsi=001010000000003 slice-credential=2-010203:ann:open-sesame", "register late identity=suci", "wait 1s", "session late 1", "deregister late"}); err != nil {
			t.Errorf("afterwards: %v\n%s", err, ladder)
		}
		if err := s.close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Logf("-random-seed=%d\n%s\nlog:\n%s", seed, s.recorder.text(), log.String())
		}
	})
}

// randomNetwork is where a random flow takes place: a phone with EAP-AKA', sessions of both versions of IP, a slice that is
// bounded, one that authenticates its phones, policies that come and go, and in one flow of three an AMF that may do little at once.
func randomNetwork(f *Flow, seed uint64) {
	amf := "  suspend: true\n  n2:"
	if seed%3 == 0 {
		amf = "  suspend: true\n  max_procedures: 2\n  n2:"
	}
	f.Config = bytes.Replace(f.Config, []byte("  n2:"), []byte(amf), 1)
	f.Config = bytes.Replace(f.Config, []byte("pools: [10.60.0.0/24]"), []byte("pools: [10.60.0.0/24, \"2001:db8:60::/48\"]"), 1)
	f.Config = append([]byte(`nsacf: {slices: [{slice: "1", ues: 1, sessions: 2}], early_check: 100}
nssaaf: {listen: "127.0.0.1:3799", slices: [{slice: "2-010203", server: "127.0.0.9:1812", secret: "30313233343536373839616263646566"}]}
`), f.Config...)
	f.Subscribers = []byte(`imsi,key,opc,slice,dnn,method,session-types,gpsi
001010000000001,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1;2-010203,internet,eap-aka-prime,IPv4v6;IPv4;IPv6,msisdn-491700001
001010000000002,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1;2-010203,internet,5g-aka,IPv4;IPv6,msisdn-491700002
001010000000003,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1;2-010203,internet,5g-aka,IPv4,
`)
	none := f.Config
	voice := append([]byte(`pcf: {session_policies: [{dnn: internet, rules: [{name: voice, precedence: 10, 5qi: 1, flows: ["permit out 17 from any 5060 to assigned"],
  maximum: {uplink: 200 Kbps, downlink: 200 Kbps}, guaranteed: {uplink: 100 Kbps, downlink: 100 Kbps}}]}]}
`), none...)
	bars := append([]byte("pcf: {session_policies: [{dnn: internet, barred: true}]}\n"), none...)
	f.Others = map[string][]byte{"none.yaml": none, "voice.yaml": voice, "bars.yaml": bars}
}

// randomScript plays commands beside one another. That they fail is no news.
func randomScript(s *stage, r *rand.Rand) {
	generation := 0
	cells := []string{"a", "b"}
	open := func(i int) {
		generation++
		cells[i] = fmt.Sprintf("%c%d", 'a'+i, generation)
		play(s, "gnb "+cells[i])
	}
	play(s, "aaa ann open-sesame")
	open(0)
	open(1)
	for i := range 3 {
		play(s, fmt.Sprintf("ue u%d imsi=00101000000000%d gnb=%s suspendable=yes slice-credential=2-010203:ann:%s", i+1, i%2+1, cells[i%2], []string{"open-sesame", "wrong"}[i/2]))
	}
	lines := []string{
		"begin register $U", "begin register $U attempts=3", "begin register $U identity=suci", "begin register $U type=mobility",
		"begin register $U type=periodic", "begin session $U $P", "begin session $U $P", "begin session $U $P", "begin release-session $U $P",
		"begin idle $U", "begin idle $U cause=radio-lost", "begin service-request $U", "begin service-request $U",
		"begin suspend $U", "begin suspend $U without=1", "begin resume $U", "begin resume $U", "begin resume $U without=2",
		"begin deregister $U", "begin deregister $U switch-off", "downlink $U $P", "downlink $U $P", "replay $U", "camp $U $C",
		"initial $C $N registration=$U", "initial $C $N service=$U", "initial $C $N deregistration=$U", "initial $C $N nas=7e00417900",
		"ngap $C UplinkNASTransport amf=$N ran=$N", "ngap $C UEContextReleaseRequest amf=$N ran=$N", "ngap $C ErrorIndication amf=$N ran=$N",
		"ngap $C NGSetupRequest", "begin reset $C",
		"begin register $U slices=1,2-010203", "begin register $U slices=1,2-010203", "begin register $U type=mobility slices=2-010203",
		"begin session $U $P slice=2-010203", "begin session $U $P type=IPv6", "begin session $U $P type=IPv4v6",
		"policy voice.yaml", "policy none.yaml", "policy bars.yaml", "aaa silent", "aaa heard", "aaa heard",
		"aaa-revokes msisdn-49170000$P 2-010203", "aaa-doubts msisdn-49170000$P 2-010203", "n4 silent", "n4 heard", "n4 loses SessionEstablishmentResponse", "n4 delays SessionEstablishmentResponse 5s", "n4 heard", "n4 spoils SessionEstablishmentResponse", "n4 repeats SessionEstablishmentResponse", "n4 heard", "wait 1ms", "wait 1s", "wait 7s", "wait 40s", "REOPEN",
	}
	for range randomOperations {
		line := lines[r.IntN(len(lines))]
		if line == "REOPEN" {
			i := r.IntN(2)
			play(s, "vanish "+cells[i])
			open(i)
			continue
		}
		play(s, strings.NewReplacer("$U", fmt.Sprintf("u%d", r.IntN(3)+1), "$P", fmt.Sprint(r.IntN(3)+1), "$C", cells[r.IntN(2)], "$N", fmt.Sprint(r.IntN(12)+1)).Replace(line))
	}
	for name := range s.cells {
		s.cut(name)
	}
}

func play(s *stage, line string) {
	s.recorder.note(line)
	_ = s.run(line)
	synctest.Wait()
}
