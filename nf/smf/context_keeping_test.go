package smf

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

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

// restarted has the SMF killed and restored from the disk, with a UPF that has lost everything: begin lets it run.
func (w *world) restarted(disk *faults.Store) (begin func()) {
	w.t.Helper()
	w.smf.Close()
	if err := w.upf.Close(); err != nil {
		w.t.Error(err)
	}
	near, far := pfcp.Pipe(smfN4, upfN4)
	w.upf = newFakeUPF(far)
	life, err := disk.BeginLife(w.t.Context(), w.smf.cfg.Node, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	again, err := New(w.smf.cfg, Deps{SDM: w.udm, UECM: w.udm, Policy: w.pcf, AMF: w.amf, N4: near, Contexts: disk, Life: life}, slog.New(slog.NewTextHandler(w, nil)))
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := again.Restore(w.t.Context(), func(RestoredSession) {}); err != nil {
		w.t.Fatal(err)
	}
	w.smf = again
	return func() {
		go func() { _ = again.Run(w.t.Context()) }() // ends when it is closed
		synctest.Wait()
	}
}

// TestSizeAtRest: a session fits into the size of Go's allocator that a million of them are counted by, with the word that it adds.
func TestSizeAtRest(t *testing.T) {
	if size := unsafe.Sizeof(session{}) + 8; size > 640 {
		t.Errorf("a session takes %d octets", size)
	}
}

// TestRestoredSessionGoesIdle: TS 23.502 §4.2.6: the AMF that finds after a restart that the UE of an active session is idle has it
// deactivated: the UPF, which has the session yet to come, gets it so, with no message more, and so it is stored.
func TestRestoredSessionGoesIdle(t *testing.T) {
	for _, idle := range []bool{true, false} {
		t.Run(fmt.Sprint(idle), func(t *testing.T) {
			inWorldWithDisk(t, func(w *world, disk *faults.Store) {
				ref := w.established()
				id := w.info(ref).PDUSessionID
				w.pass(time.Second)
				begin := w.restarted(disk)
				known, active := w.smf.Has(ref, phone, id)
				if other, _ := w.smf.Has(ref, phone, id+1); !known || !active || other || !w.smf.Sessions()[0].Active() {
					t.Fatalf("known %v, active %v, another %v", known, active, other)
				}
				if idle {
					w.idle(ref)
				}
				begin()
				w.pass(time.Second)
				_, active = w.smf.Has(ref, phone, id)
				_, n := w.upf.only(t)
				if active == idle || (n.action == bufferAndNotify) != idle || (w.kept(disk) == 0) != idle {
					t.Errorf("active %v, the UPF does %v, tunnel %x is on disk", active, n.action, w.kept(disk))
				}
				if told := w.upf.counted(pfcp.TypeSessionModificationRequest); told != 0 {
					t.Errorf("the UPF was told %d times more", told)
				}
			})
		})
	}
}
