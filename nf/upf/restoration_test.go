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
	counted, reported uint64

	mu   sync.Mutex
	left int
}

func (p *lasting) Usage(slot uint32, id pfcp.URRID) upf.Usage {
	u := p.Path.Usage(slot, id)
	u.UplinkBytes += p.counted
	return u
}

func (p *lasting) Reported(_, teid uint32, _ pfcp.URRID) upf.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	if teid != 5<<20|7 {
		return upf.Usage{}
	}
	return upf.Usage{UplinkBytes: p.reported}
}

func (p *lasting) Report(_ uint32, _ pfcp.URRID, u upf.Usage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reported = u.UplinkBytes
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

// TestUsageOutlivesTheProcess: the first report after a restart tells what no report told before, TS 29.244 §5.2.2.
func TestUsageOutlivesTheProcess(t *testing.T) {
	path := &lasting{counted: 1000, reported: 600}
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
		d := r.ask(a.UPFSEID.Value().SEID, &pfcp.SessionDeletionRequest{}).(*pfcp.SessionDeletionResponse)
		if len(d.UsageReport) != 1 || d.UsageReport[0].VolumeMeasurement.Value().Uplink.Value() != 450 {
			t.Errorf("%+v", d.UsageReport)
		}
		if path.reported != 1050 {
			t.Errorf("reported up to %d", path.reported)
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
