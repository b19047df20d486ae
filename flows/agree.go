package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// flowView is a QoS flow as one of UE, gNB and UPF has it; rates are in kbit/s, which is what all three can say.
type flowView struct {
	qfi      uint8
	fiveQI   uint8 // the UPF has none
	gfbr     [2]uint64
	mfbr     [2]uint64
	services []string // service data flows in the order of their rules; the gNB has none
	// reflective: the gNB lets the UE derive rules, and the UPF marks what it may derive them from; the UE has none.
	reflective bool
	limits     [][2]uint64 // of the UPF alone: the maximum rates of the QERs of the flow's last rule
}

// agree derives what UE (N1), gNB (N2) and UPF (N4) make of a session's QoS from what each of them holds, and compares
// them, TS 23.501 §5.7.1: flows=1,2 are the QoS flows that there must be, reflective=2 those of them with reflective QoS,
// and ambr=5000 the Session-AMBR of both directions in kbit/s.
func (s *stage) agree(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	session, ok := u.Session(id)
	if !ok {
		return fmt.Errorf("the UE has no session %d", id)
	}
	info, ok := s.sessionInfo(c, id)
	if !ok {
		return errors.New("the SMF has no such session")
	}
	atUE, atGNB := viewOfUE(&session), viewOfGNB(s.camps.get(u).Profiles(u, id))
	atUPF := atUE // over sockets nobody looks into the data path
	if s.path != nil {
		rules := s.path.Find(info.UplinkTEID)
		if rules == nil {
			return errors.New("the UPF has no such session")
		}
		if atUPF, err = viewOfUPF(rules); err != nil {
			return err
		}
		if session.Type == gsm.Ethernet {
			if err := agreeOnFrames(&session, rules); err != nil {
				return err
			}
		}
	}
	var flows, reflective []string
	ambr := [2]uint64{kbit(session.AMBR.Uplink.BitsPerSecond()), kbit(session.AMBR.Downlink.BitsPerSecond())}
	for qfi, mine := range atUE {
		flows = append(flows, fmt.Sprint(qfi))
		theirs, there := atUPF[qfi]
		if !there || !slices.Equal(mine.services, theirs.services) || mine.gfbr != theirs.gfbr || mine.gfbr != [2]uint64{} && mine.mfbr != theirs.mfbr {
			return fmt.Errorf("QoS flow %d: UE %+v, UPF %+v", qfi, mine, theirs)
		}
		if gnb, there := atGNB[qfi]; session.UserPlane && (!there || gnb.fiveQI != mine.fiveQI || gnb.gfbr != mine.gfbr || gnb.mfbr != mine.mfbr) {
			return fmt.Errorf("QoS flow %d: UE %+v, gNB %+v", qfi, mine, gnb)
		}
		if s.path == nil {
			continue
		}
		if session.UserPlane && atGNB[qfi].reflective != theirs.reflective {
			return fmt.Errorf("QoS flow %d: reflective at the gNB %v, at the UPF %v", qfi, atGNB[qfi].reflective, theirs.reflective)
		}
		if slices.Contains(theirs.limits, ambr) == (mine.gfbr != [2]uint64{}) { // TS 23.501 §5.7.1.8
			return fmt.Errorf("QoS flow %d: Session-AMBR %v kbit/s, UPF %+v", qfi, ambr, theirs)
		}
		if theirs.reflective {
			reflective = append(reflective, fmt.Sprint(qfi))
		}
	}
	if len(atUPF) != len(atUE) || session.UserPlane && len(atGNB) != len(atUE) {
		return fmt.Errorf("UE has %d QoS flows, gNB %d, UPF %d", len(atUE), len(atGNB), len(atUPF))
	}
	slices.Sort(flows)
	if want := flowsOf(c); !slices.Equal(flows, want) {
		return fmt.Errorf("QoS flows %v, want %v", flows, want)
	}
	if want := c.options["ambr"]; want != "" && fmt.Sprint(ambr) != "["+want+" "+want+"]" {
		return fmt.Errorf("Session-AMBR %v kbit/s, want %s", ambr, want)
	}
	slices.Sort(reflective)
	if got, want := strings.Join(reflective, ","), c.options["reflective"]; s.path != nil && got != want {
		return fmt.Errorf("QoS flows with reflective QoS: %q, want %q", got, want)
	}
	return nil
}

func kbit(bits uint64) uint64 { return (bits + 999) / 1000 }

func viewOfUE(s *ue.Session) map[uint8]flowView {
	views := make(map[uint8]flowView)
	for _, f := range s.Flows {
		v := flowView{qfi: f.QFI}
		v.fiveQI, _ = f.FiveQI()
		rate := func(id gsm.FlowParameterID) uint64 { r, _ := f.BitRate(id); return kbit(r.BitsPerSecond()) }
		v.gfbr = [2]uint64{rate(gsm.ParameterGFBRUplink), rate(gsm.ParameterGFBRDownlink)}
		v.mfbr = [2]uint64{rate(gsm.ParameterMFBRUplink), rate(gsm.ParameterMFBRDownlink)}
		views[f.QFI] = v
	}
	for _, r := range s.Rules { // sorted by precedence
		v := views[r.QFI]
		for _, f := range r.Filters {
			if s.Type != gsm.Ethernet { // see agreeOnFrames
				v.services = append(v.services, serviceOf(f.Components))
			}
		}
		views[r.QFI] = v
	}
	return views
}

// serviceOf writes packet filter components as viewOfUPF writes an SDF filter.
func serviceOf(components []gsm.Component) string {
	var f upf.Filter
	for _, c := range components {
		low, high, isPort := c.Ports()
		switch {
		case c.Type == gsm.Protocol:
			f.Protocol = c.Value[0]
		case isPort && (c.Type == gsm.SingleLocalPort || c.Type == gsm.LocalPortRange):
			f.LocalPorts = []upf.PortRange{{First: low, Last: high}}
		case isPort:
			f.RemotePorts = []upf.PortRange{{First: low, Last: high}}
		default:
			f.Remote, _ = c.Prefix()
		}
	}
	return textOf(&f)
}

func textOf(f *upf.Filter) string {
	return fmt.Sprintf("%d %v %v %v", f.Protocol, f.Remote, f.RemotePorts, f.LocalPorts)
}

func viewOfGNB(profiles map[uint8]ngap.QosFlowLevelQosParameters) map[uint8]flowView {
	views := make(map[uint8]flowView)
	for qfi, p := range profiles {
		v := flowView{qfi: qfi, fiveQI: uint8(p.QosCharacteristics.NonDynamic5QI.FiveQI), reflective: p.ReflectiveQosAttribute != nil}
		if g := p.GBRQosInformation; g != nil {
			v.gfbr = [2]uint64{kbit(uint64(g.GuaranteedFlowBitRateUL)), kbit(uint64(g.GuaranteedFlowBitRateDL))}
			v.mfbr = [2]uint64{kbit(uint64(g.MaximumFlowBitRateUL)), kbit(uint64(g.MaximumFlowBitRateDL))}
		}
		views[qfi] = v
	}
	return views
}

// viewOfUPF reads the uplink rules by the QFI that they match and the downlink rules by the QFI that they mark. Both
// directions must say the same.
func viewOfUPF(s *upf.Session) (map[uint8]flowView, error) {
	up, down := make(map[uint8]flowView), make(map[uint8]flowView)
	rules := slices.Clone(s.Rules)
	slices.SortStableFunc(rules, func(a, b upf.Rule) int { return cmp.Compare(b2i(a.Uplink()), b2i(b.Uplink())) })
	for i := range rules {
		r := &rules[i]
		views, qfi := down, r.QFI
		if r.Uplink() {
			views = up
			if r.QFIs != 1<<qfi {
				return nil, fmt.Errorf("PDR %d matches QFIs %b and its QER marks %d", r.PDR, r.QFIs, qfi)
			}
		}
		v := views[qfi]
		v.qfi = qfi
		for j := range r.Filters {
			v.services = append(v.services, textOf(&r.Filters[j]))
		}
		if len(r.Filters) == 0 && !s.Ethernet() {
			v.services = append(v.services, textOf(&upf.Filter{Remote: netip.Prefix{}}))
		}
		v.reflective, v.limits = v.reflective || r.RQI, nil
		for _, q := range r.QERs {
			v.limits = append(v.limits, rates(q.MBR))
			if g, ok := q.GBR.Get(); ok {
				v.gfbr, v.mfbr = [2]uint64{g.Uplink, g.Downlink}, rates(q.MBR)
			}
		}
		views[qfi] = v
	}
	same := func(a, b flowView) bool {
		return slices.Equal(a.services, b.services) && a.gfbr == b.gfbr && a.mfbr == b.mfbr
	}
	if !maps.EqualFunc(up, down, same) {
		return nil, fmt.Errorf("the UPF's directions differ: uplink %+v, downlink %+v", up, down)
	}
	return down, nil
}

func rates(m pfcp.Opt[pfcp.MBR]) [2]uint64 { return [2]uint64{m.Value().Uplink, m.Value().Downlink} }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
