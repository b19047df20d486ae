package upf_test

import (
	"sync"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// lasting is a data path that an earlier process left a session in, whose URR counted octets and reported some.
type lasting struct {
	*memory.Path
	counted uint64

	mu    sync.Mutex
	taken upf.Usage
	told  upf.Told
	left  int
}

func (p *lasting) Usage(slot uint32, id pfcp.URRID) upf.Usage {
	u := p.Path.Usage(slot, id)
	u.UplinkBytes += p.counted
	return u
}

func (p *lasting) Told(_, teid uint32, _ pfcp.URRID) (upf.Usage, upf.Told) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if teid != 5<<20|7 {
		return upf.Usage{}, upf.Told{}
	}
	return p.taken, p.told
}

func (p *lasting) Tell(_ uint32, _ pfcp.URRID, t upf.Told) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = t
}

func (p *lasting) Taken(uint32, pfcp.URRID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = p.told.Usage
}

func (p *lasting) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

func (p *lasting) Reap() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.left
	p.left = 0
	return n
}

// TestUsageOutlivesTheProcess: the first report after a restart tells what no report told before, and the last one before it is sent
// again as it was if nobody had answered it, TS 29.244 §5.2.2.
func TestUsageOutlivesTheProcess(t *testing.T) {
	end := pfcp.NewTimestamp(time.Now())
	path := &lasting{counted: 1000, taken: upf.Usage{UplinkBytes: 550}, told: upf.Told{Usage: upf.Usage{UplinkBytes: 600}, Sequence: 4, End: end}}
	runOn(t, func(p *memory.Path) upf.Datapath { path.Path = p; return path }, func(r *rig) {
		r.associate()
		const teid = 5<<20 | 7
		m := request(ue)
		m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{TEID: teid, IPv4: n3})
		m.PFCPSEReqFlags = pfcp.Some(pfcp.SEReqRESTI)
		a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
		if a.Cause != pfcp.CauseRequestAccepted {
			t.Fatalf("%+v", a)
		}
		r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, 50)
		time.Sleep(2 * time.Second)
		again := r.heard()
		if len(again) != 1 || again[0].URSEQN != 4 || again[0].EndTime.Value() != end || again[0].VolumeMeasurement.Value().Uplink.Value() != 50 {
			t.Errorf("sent again: %+v", again)
		}
		d := r.ask(a.UPFSEID.Value().SEID, &pfcp.SessionDeletionRequest{}).(*pfcp.SessionDeletionResponse)
		if len(d.UsageReport) != 1 || d.UsageReport[0].URSEQN != 5 || d.UsageReport[0].VolumeMeasurement.Value().Uplink.Value() != 450 {
			t.Errorf("%+v", d.UsageReport)
		}
		if path.taken.UplinkBytes != 1050 || path.told.Sequence != 5 {
			t.Errorf("taken %+v, told %+v", path.taken, path.told)
		}
	})
}

// TestForgottenSessionsEnd: what no CP function establishes again within a minute ends, and not before one is there,
// TS 23.527 §4.3.2.
func TestForgottenSessionsEnd(t *testing.T) {
	path := &lasting{left: 3}
	runOn(t, func(p *memory.Path) upf.Datapath { path.Path = p; return path }, func(r *rig) {
		time.Sleep(time.Hour)
		if path.Left() != 3 {
			t.Fatal("sessions ended while no CP function was there")
		}
		r.associate()
		time.Sleep(50 * time.Second)
		if path.Left() != 3 {
			t.Fatal("sessions ended before the CP function had its time")
		}
		time.Sleep(time.Minute)
		if path.Left() != 0 {
			t.Error("forgotten sessions go on")
		}
	})
}

// goesOn is a data path that lets sessions rest and that an earlier process left one in for each tunnel.
type goesOn struct {
	*letsGo
	taken, told map[uint32]upf.Told
}

func (p *goesOn) Told(_, teid uint32, _ pfcp.URRID) (upf.Usage, upf.Told) {
	return p.taken[teid].Usage, p.told[teid]
}
func (p *goesOn) Tell(uint32, pfcp.URRID, upf.Told) {}
func (p *goesOn) Taken(uint32, pfcp.URRID)          {}
func (*goesOn) Left() int                           { return 0 }
func (*goesOn) Reap() int                           { return 0 }

// TestRestoredLikeCountsOn: a session that is restored as one before but for its names reports from where its own last report ended, and
// is read if nobody knows whether that arrived.
func TestRestoredLikeCountsOn(t *testing.T) {
	const eight, nine = 3<<20 | 8, 3<<20 | 9
	told := upf.Told{Usage: upf.Usage{UplinkBytes: 600}, Sequence: 4, End: pfcp.NewTimestamp(time.Now())}
	path := &goesOn{taken: map[uint32]upf.Told{eight: told, nine: {Usage: upf.Usage{UplinkBytes: 550}}}, told: map[uint32]upf.Told{eight: told, nine: told}}
	runOn(t, func(p *memory.Path) upf.Datapath { path.letsGo = &letsGo{Path: p}; return path }, func(r *rig) {
		r.associate()
		r.restored(restoration(7))
		seid := r.restored(restoration(8))
		if path.lain != 1 {
			t.Fatalf("%d at rest at once", path.lain)
		}
		r.restored(restoration(9))
		if path.lain != 1 {
			t.Errorf("%d at rest at once: a report is to be sent again", path.lain)
		}
		d := r.ask(seid, &pfcp.SessionDeletionRequest{}).(*pfcp.SessionDeletionResponse)
		// what is counted again from 0 is -600 since the last report, modulo 2^64
		if len(d.UsageReport) != 1 || d.UsageReport[0].URSEQN != 5 || d.UsageReport[0].VolumeMeasurement.Value().Uplink.Value() != 1<<64-600 {
			t.Errorf("%+v", d.UsageReport)
		}
	})
}
