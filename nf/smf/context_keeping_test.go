package smf

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/store/faults"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// inWorldWithDisk runs a test with a store that can fail.
func inWorldWithDisk(t *testing.T, test func(*world, *faults.Store)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "limpid.db")
	var disk *faults.Store
	inWorld(t, func(w *world, _ *Config) {
		st, err := sqlite.Open(w.t.Context(), file, sqlite.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		disk = faults.New(st)
		w.disk = disk
	}, func(w *world) {
		test(w, disk)
		w.smf.Close()
		if err := disk.Close(); err != nil {
			t.Error(err)
		}
	})
}

// kept is the TEID of the gNB in the one session on disk.
func (w *world) kept(disk *faults.Store) uint32 {
	for c, err := range disk.SMs(context.Background(), "") {
		if err != nil {
			w.t.Error(err)
		}
		var n session
		if err := n.readRecord(c.Record); err != nil {
			w.t.Error(err)
		}
		return n.gnb.teid
	}
	return 0
}

// TestTunnelIsDurable: a core that is killed as soon as packets go to a gNB tells its UPF of that gNB again, TS 23.527 §4.3.
func TestTunnelIsDurable(t *testing.T) {
	inWorldWithDisk(t, func(w *world, disk *faults.Store) {
		var told, kept atomic.Uint32
		w.upf.set(func() {
			w.upf.hear = func(m pfcp.Message) {
				if m, ok := m.(*pfcp.SessionModificationRequest); ok && len(m.UpdateFAR) > 0 {
					told.Store(m.UpdateFAR[0].UpdateForwardingParameters.Value().OuterHeaderCreation.Value().TEID)
					kept.Store(w.kept(disk))
				}
			}
		})
		ref := w.established()
		if told.Load() == 0 || kept.Load() != told.Load() {
			t.Errorf("an establishment: the UPF sends to %x, and %x is on disk", told.Load(), kept.Load())
		}
		w.idle(ref)
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.update(ref, gnbAccepts(0x99))
		if told.Load() != 0x99 || kept.Load() != 0x99 {
			t.Errorf("a service request: the UPF sends to %x, and %x is on disk", told.Load(), kept.Load())
		}
		_, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{N2SMInfo: pathSwitchTo(t, 0x77)})
		if err != nil || told.Load() != 0x77 || w.kept(disk) != 0x77 {
			t.Errorf("a path switch: the UPF sends to %x, and %x is on disk, %v", told.Load(), w.kept(disk), err)
		}
	})
}

// TestTunnelWithSlowDisk: packets wait for a slow disk for a moment only, TS 23.502 §4.2.3.2, and it gets the tunnel later.
func TestTunnelWithSlowDisk(t *testing.T) {
	inWorldWithDisk(t, func(w *world, disk *faults.Store) {
		ref := w.established()
		w.idle(ref)
		time.Sleep(time.Second)
		disk.Plan(func(string) faults.Fault { return faults.Fault{Delay: 6 * time.Second} })
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.update(ref, gnbAccepts(0x99))
		time.Sleep(tunnelPatience)
		synctest.Wait()
		if _, n := w.upf.only(w.t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x99 {
			t.Errorf("UPF does %v to %+v", n.action, n.peer)
		}
		disk.Plan(nil)
		time.Sleep(time.Minute)
		if got := w.kept(disk); got != 0x99 {
			t.Errorf("%x is on disk", got)
		}
	})
}

// pathSwitchTo is what a gNB at gnbN3 says to which a UE has moved, TS 38.413 §9.3.4.8.
func pathSwitchTo(t *testing.T, teid uint32) nsmf.N2SMInfo {
	t.Helper()
	to, err := tunnel{gnbN3, teid}.transport()
	if err != nil {
		t.Fatal(err)
	}
	transfer := ngap.PathSwitchRequestTransfer{DLNGUUPTNLInformation: to, QosFlowAcceptedList: ngap.QosFlowAcceptedList{{QosFlowIdentifier: 1}}}
	b, err := transfer.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return nsmf.N2SMInfo{Type: nsmf.PathSwitchReq, Data: b}
}
