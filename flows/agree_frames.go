package flows

import (
	"fmt"
	"math/rand/v2"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/ran/ue"
)

// agreeOnFrames lets a UE and its UPF choose the QoS flow of frames, which come out the same: of every frame that the UE sends
// the UPF takes the flow for right, and it sends the answer in the same flow, TS 23.501 §5.7.6.3.
func agreeOnFrames(s *ue.Session, rules *upf.Session) error {
	r, chosen := rand.New(rand.NewPCG(1, 2)), make(map[uint8]bool)
	for range 20_000 {
		up, down := frames(r)
		qfi := s.Classify(up)
		chosen[qfi] = true
		if got := flowOfFrame(rules, up, true); got != qfi {
			return fmt.Errorf("frame % x: the UE chooses QoS flow %d, the UPF wants %d", up, qfi, got)
		}
		if got := flowOfFrame(rules, down, false); got != qfi {
			return fmt.Errorf("frame % x: the UPF sends it in QoS flow %d, the UE in %d", down, got, qfi)
		}
	}
	if len(chosen) != len(s.Flows) {
		return fmt.Errorf("of %d QoS flows only %v are ever chosen", len(s.Flows), chosen)
	}
	return nil
}

// frames are a frame of the UE and the same the other way.
func frames(r *rand.Rand) (up, down []byte) {
	mac := func() []byte { return []byte{2, 0, 0, 0, byte(r.IntN(2)), byte(r.IntN(4))} }
	local, remote := mac(), mac()
	var rest []byte
	if r.IntN(2) == 0 {
		rest = append(rest, 0x88, 0xa8, byte(r.IntN(8))<<5|byte(r.IntN(2))<<4, byte(r.IntN(3)))
	}
	if r.IntN(2) == 0 {
		rest = append(rest, 0x81, 0x00, byte(r.IntN(8))<<5|byte(r.IntN(2))<<4, byte(r.IntN(3)))
	}
	rest = append(rest, [][]byte{{0x88, 0xf7}, {0x88, 0x92}, {0x08, 0x06}}[r.IntN(3)]...)
	return append(append(append([]byte{}, remote...), local...), rest...), append(append(append([]byte{}, local...), remote...), rest...)
}

// flowOfFrame is the QoS flow of the first rule of the UPF that is for a frame, whatever flow it came in; 0 if none is.
func flowOfFrame(s *upf.Session, b []byte, uplink bool) (best uint8) {
	var f upf.Frame
	if !upf.ParseFrame(b, uplink, &f) {
		return 0
	}
	if !uplink {
		for i := range s.Rules {
			if r := &s.Rules[i]; !r.Uplink() {
				if at, _ := s.FindFrame(0, 0, r.Network, &f); at >= 0 {
					return s.Rules[at].QFI
				}
			}
		}
		return 0
	}
	first := len(s.Rules)
	for i := range s.Rules {
		qfi := s.Rules[i].QFI
		if at, _ := s.FindFrame(s.Tunnels[0], qfi, "", &f); at >= 0 && at < first {
			first, best = at, qfi
		}
	}
	return best
}
