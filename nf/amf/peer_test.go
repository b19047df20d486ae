package amf

import (
	"context"
	"net/http"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
)

// TestPeersSpeakForThemselves: what one core has been given or hands over, another one does not decide.
func TestPeersSpeakForThemselves(t *testing.T) {
	a := testAMF(t, testConfig())
	a.services.Peers = []Peer{{Name: "b"}, {Name: "c"}}
	b, c := &a.services.Peers[0], &a.services.Peers[1]
	by := func(name string) context.Context { return sbi.WithCaller(t.Context(), name) }
	const supi = ident.SUPI("imsi-001010000000001")
	status := func(err error) int {
		if p, ok := err.(*sbi.ProblemDetails); ok {
			return p.Status
		}
		return 0
	}

	coming := a.newUE()
	coming.supi, coming.source = supi, b
	a.arriving.put(supi, coming)
	relayed := namf.N1N2MessageTransferReqData{RANInfo: namf.N2InfoContent{Type: namf.RANStatusTransfer, Data: []byte{1}}}
	for name, want := range map[string]int{"c": http.StatusNotFound, "": http.StatusForbidden, "x": http.StatusForbidden} {
		if err := a.ReleaseUEContext(by(name), namf.SUPIContext(supi), namf.UEContextRelease{SUPI: supi}); status(err) != want {
			t.Errorf("%q releases a UE that b hands over: %v", name, err)
		}
		if _, err := a.N1N2MessageTransfer(by(name), supi, relayed); status(err) != want {
			t.Errorf("%q sends a status for a UE that b hands over: %v", name, err)
		}
	}
	if u, err := a.comingFrom(by("b"), supi); err != nil || u != coming {
		t.Errorf("b itself: %v", err)
	}

	lent := a.newUE()
	lent.lent = b
	answer := make(chan error, 1)
	lent.transferSettled(t.Context(), &statusUpdate{c, namf.UERegStatusUpdateReqData{TransferStatus: namf.Transferred}, answer})
	if err := <-answer; status(err) != http.StatusForbidden || lent.lent != b {
		t.Errorf("c settles what b was given: %v", err)
	}
	lent.transferSettled(t.Context(), &statusUpdate{b, namf.UERegStatusUpdateReqData{TransferStatus: namf.NotTransferred}, answer})
	if err := <-answer; err != nil || lent.lent != nil {
		t.Errorf("b itself: %v", err)
	}
	for _, name := range []string{"", "x"} {
		_, err1 := a.UEContextTransfer(by(name), namf.SUPIContext(supi), namf.UEContextTransferReqData{})
		_, err2 := a.RegistrationStatusUpdate(by(name), namf.SUPIContext(supi), namf.UERegStatusUpdateReqData{})
		err3 := a.N2InfoNotify(by(name), namf.SUPIContext(supi), namf.N2InformationNotification{NotifyReason: namf.HandoverCompleted})
		for i, err := range []error{err1, err2, err3} {
			if status(err) != http.StatusForbidden {
				t.Errorf("%q, operation %d: %v", name, i+1, err)
			}
		}
		if _, err := a.CreateUEContext(by(name), namf.SUPIContext(supi), namf.UEContextCreateData{}); err == nil {
			t.Errorf("%q hands a UE over", name)
		}
	}
}
