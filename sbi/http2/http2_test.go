package http2

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// authority signs the certificates of cores.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.cert, a.key = a.sign(template, nil)
	return a
}

func (a *authority) sign(c *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	c.SerialNumber = big.NewInt(1)
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// security is that of a core with names.
func (a *authority) security(names ...string) *tls.Config {
	cert, key := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "core"}, DNSNames: names, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a)
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}, RootCAs: roots, ClientCAs: roots,
	}
}

// core answers as it is told and keeps what it was asked.
type core struct {
	asked []any
	err   error
	bare  bool // sessions have a reference alone
	paged bool // the UE is in CM-IDLE
}

func (c *core) take(what ...any) error {
	c.asked = what
	return c.err
}

func (c *core) UEContextTransfer(_ context.Context, id namf.UEContextID, req namf.UEContextTransferReqData) (namf.UEContextTransferRspData, error) {
	if c.bare {
		ue := testUE()
		ue.SessionContextList[0].SMContextRef = "17"
		return namf.UEContextTransferRspData{UEContext: ue}, nil
	}
	return namf.UEContextTransferRspData{UEContext: testUE()}, c.take(id, req)
}

func (c *core) RegistrationStatusUpdate(_ context.Context, id namf.UEContextID, req namf.UERegStatusUpdateReqData) (namf.UERegStatusUpdateRspData, error) {
	return namf.UERegStatusUpdateRspData{RegStatusTransferComplete: true}, c.take(id, req)
}

func (c *core) CreateUEContext(_ context.Context, id namf.UEContextID, req namf.UEContextCreateData) (namf.UEContextCreatedData, error) {
	return namf.UEContextCreatedData{
		UEContext: namf.UEContext{SUPI: "imsi-001010000000001"}, TargetToSourceData: namf.N2InfoContent{Type: namf.TargetToSourceContainer, Data: []byte{4}},
	}, c.take(id, req)
}

func (c *core) ReleaseUEContext(_ context.Context, id namf.UEContextID, req namf.UEContextRelease) error {
	return c.take(id, req)
}

func (c *core) N2InfoNotify(_ context.Context, id namf.UEContextID, n namf.N2InformationNotification) error {
	return c.take(id, n)
}

func (c *core) N1N2MessageTransfer(_ context.Context, supi ident.SUPI, req namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	if c.paged {
		return namf.N1N2MessageTransferRspData{Cause: namf.AttemptingToReachUE}, c.take(supi, req)
	}
	return namf.N1N2MessageTransferRspData{Cause: namf.N1N2TransferInitiated}, c.take(supi, req)
}

func (c *core) N1N2TransferFailureNotify(_ context.Context, n namf.N1N2MsgTxfrFailureNotification) error {
	return c.take(n)
}

func (c *core) CreateSMContext(context.Context, nsmf.SMContextCreateData) (nsmf.SMContextCreatedData, error) {
	return nsmf.SMContextCreatedData{}, c.take("CreateSMContext")
}

func (c *core) UpdateSMContext(_ context.Context, ref string, data nsmf.SMContextUpdateData) (nsmf.SMContextUpdatedData, error) {
	return nsmf.SMContextUpdatedData{UpCnxState: nsmf.Deactivated, Released: data.UpCnxState == nsmf.Deactivated}, c.take(ref, data)
}

func (c *core) ReleaseSMContext(_ context.Context, ref string, data nsmf.SMContextReleaseData) error {
	return c.take(ref, data)
}

func (c *core) SMContextStatusNotify(_ context.Context, supi ident.SUPI, id uint8, ref string) error {
	return c.take(supi, id, ref)
}

var guamiA = ident.GUAMI{PLMN: testPLMN, Region: 1, Set: 2, Pointer: 3}

// serve runs core b, which knows a and c, on the loopback interface.
func serve(t *testing.T, a *authority) (own *core, dial func(context.Context) (net.Conn, error)) {
	t.Helper()
	own = &core{}
	s := Server(Handler("b", own, []Known{{"a", guamiA}, {"c", ident.GUAMI{}}}), a.security("b"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		_ = s.Close() // what is left of it ends with the test
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return own, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

func dialled(t *testing.T, a *authority, dial func(context.Context) (net.Conn, error), names ...string) *Client {
	c := NewClient("a", "b", dial, a.security(names...))
	t.Cleanup(c.Close)
	return c
}

// TestOperations: what one core asks, the other is asked, and the answer comes back, TS 29.518 §5.2.2 and TS 29.502 §5.2.2.
func TestOperations(t *testing.T) {
	a := newAuthority(t)
	own, dial := serve(t, a)
	c, ctx := dialled(t, a, dial, "a"), t.Context()
	const supi, guti = "imsi-001010000000001", namf.UEContextID("5g-guti-00101cafe0001020304")
	check := func(err error, asked ...any) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(own.asked, asked) {
			t.Errorf("error %v, asked %+v, want %+v", err, own.asked, asked)
		}
	}
	transfer := namf.UEContextTransferReqData{Reason: namf.MobilityRegistration, AccessType: namf.Access3GPP, RegRequest: &namf.N1MessageContainer{Class: namf.Class5GMM, Content: []byte{0x7e}}}
	got, err := c.UEContextTransfer(ctx, guti, transfer)
	check(err, guti, transfer)
	if !reflect.DeepEqual(got.UEContext, testUE()) {
		t.Errorf("context %+v", got.UEContext)
	}
	status := namf.UERegStatusUpdateReqData{TransferStatus: namf.Transferred, ToReleaseSessionList: []uint8{3}}
	_, err = c.RegistrationStatusUpdate(ctx, guti, status)
	check(err, guti, status)
	create := testCreate()
	_, err = c.CreateUEContext(ctx, guti, create)
	check(err, guti, create)
	release := namf.UEContextRelease{SUPI: supi, NGAPCause: sbi.NGAPCause{Group: 0, Value: 5}}
	check(c.ReleaseUEContext(ctx, guti, release), guti, release)
	notify := namf.N2InformationNotification{NotifyReason: namf.HandoverCompleted}
	check(c.N2InfoNotify(ctx, guti, notify), guti, notify)
	n1n2 := namf.N1N2MessageTransferReqData{PDUSessionID: 5, SMContextRef: sbi.ContextURI("a", "17"), N1SMMsg: []byte{0x2e}, ReleaseOnSent: true}
	_, err = c.N1N2MessageTransfer(ctx, supi, n1n2)
	check(err, ident.SUPI(supi), n1n2)
	failed := namf.N1N2MsgTxfrFailureNotification{Cause: namf.UENotResponding, PDUSessionID: 5, SMContextRef: "17"}
	check(c.N1N2TransferFailureNotify(ctx, failed), failed)
	update := nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated, GUAMI: guamiA, ServingNFID: "a", N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResRelRsp, Data: []byte{1}}}
	updated, err := c.UpdateSMContext(ctx, "17", update)
	check(err, "17", update)
	if !updated.Released || updated.UpCnxState != nsmf.Deactivated {
		t.Errorf("updated %+v", updated)
	}
	check(c.ReleaseSMContext(ctx, "17", nsmf.SMContextReleaseData{}), "17", nsmf.SMContextReleaseData{})
	check(c.SMContextStatusNotify(ctx, supi, 5, sbi.ContextURI("a", "17")), ident.SUPI(supi), uint8(5), sbi.ContextURI("a", "17"))
}

// TestErrors: a refusal comes back as what it was, with the documents of its own that some have.
func TestErrors(t *testing.T) {
	a := newAuthority(t)
	own, dial := serve(t, a)
	c, ctx := dialled(t, a, dial, "a"), t.Context()
	for _, want := range []error{
		sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "no"),
		&namf.UEContextCreateError{ProblemDetails: sbi.Problem(http.StatusForbidden, namf.CauseHandoverFailure, "no"), NGAPCause: &sbi.NGAPCause{Group: 0, Value: 7}},
	} {
		own.err = want
		if _, err := c.CreateUEContext(ctx, "imsi-001010000000001", testCreate()); !reflect.DeepEqual(err, want) {
			t.Errorf("%#v, want %#v", err, want)
		}
	}
	own.err = &nsmf.SMContextError{ProblemDetails: sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "no"), N1SMMsg: []byte{1}}
	if _, err := c.UpdateSMContext(ctx, "17", nsmf.SMContextUpdateData{}); !reflect.DeepEqual(err, own.err) {
		t.Errorf("%#v, want %#v", err, own.err)
	}
	own.bare = true
	if ue, err := c.UEContextTransfer(ctx, "imsi-001010000000001", namf.UEContextTransferReqData{Reason: namf.MobilityRegistration, AccessType: namf.Access3GPP}); err == nil {
		t.Errorf("a session without core is taken: %+v", ue.UEContext.SessionContextList)
	}
	own.err = errors.New("broken")
	if err := c.ReleaseSMContext(ctx, "17", nsmf.SMContextReleaseData{}); sbi.CauseOf(err) != sbi.CauseSystemFailure {
		t.Errorf("%v", err)
	}
}

// TestUnproven: a core is served by the name in its certificate alone, and speaks for itself alone.
func TestUnproven(t *testing.T) {
	a := newAuthority(t)
	own, dial := serve(t, a)
	ctx, release := t.Context(), namf.UEContextRelease{SUPI: "imsi-001010000000001"}
	for name, c := range map[string]*Client{
		"unknown":         dialled(t, a, dial, "d"),
		"two names":       dialled(t, a, dial, "a", "c"),
		"other authority": NewClient("a", "b", dial, newAuthority(t).security("a")),
		"no certificate":  NewClient("a", "b", dial, &tls.Config{RootCAs: a.security("a").RootCAs}),
		"other server":    NewClient("a", "x", dial, a.security("a")),
	} {
		if err := c.ReleaseUEContext(ctx, "imsi-001010000000001", release); err == nil || own.asked != nil {
			t.Errorf("%s: served, %v", name, own.asked)
		}
	}
	c := dialled(t, a, dial, "c") // c, not a
	create := testCreate()
	_, err1 := c.CreateUEContext(ctx, "5g-guti-00101cafe0001020304", create)
	create.N2NotifyURI = sbi.CallbackURI("c", "x")
	_, err2 := c.CreateUEContext(ctx, "imsi-001010000000002", create)
	_, err3 := c.UpdateSMContext(ctx, "17", nsmf.SMContextUpdateData{GUAMI: guamiA, ServingNFID: "c"})
	_, err4 := c.N1N2MessageTransfer(ctx, "imsi-001010000000001", namf.N1N2MessageTransferReqData{PDUSessionID: 5, SMContextRef: sbi.ContextURI("a", "17")})
	err5 := c.ReleaseUEContext(ctx, "imsi-001010000000002", release)
	create.UEContext.SessionContextList[0].SMContextRef = "17" // one of b itself, as if
	_, err6 := c.CreateUEContext(ctx, "imsi-001010000000001", create)
	for i, err := range []error{err1, err2, err3, err4, err5, err6} {
		if p, ok := errors.AsType[*sbi.ProblemDetails](err); !ok || p.Cause != sbi.CauseMandatoryIEIncorrect || own.asked != nil {
			t.Errorf("%d: %v, asked %v", i+1, err, own.asked)
		}
	}
}

// TestAnswersAreWhole: what was made has a place, and a refusal is a document with a cause, whatever was asked, TS 29.500 §5.2.7.2.
func TestAnswersAreWhole(t *testing.T) {
	a := newAuthority(t)
	own, dial := serve(t, a)
	c := dialled(t, a, dial, "a")
	create, err := encode(createDataOut, new(testCreate()))
	if err != nil {
		t.Fatal(err)
	}
	transfer, err := encode(n1n2ReqOut, &namf.N1N2MessageTransferReqData{PDUSessionID: 5, SMContextRef: sbi.ContextURI("a", "17"), N1SMMsg: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	own.paged = true
	json := message{typeJSON, []byte("{}")}
	for _, q := range []struct {
		method, path string
		body         message
		status       int
		header, want string // or the cause
	}{
		{"PUT", ueContexts + "imsi-001010000000001", create, http.StatusCreated, "Location", "https://b" + ueContexts + "imsi-001010000000001"},
		{"POST", ueContexts + "imsi-001010000000001/n1-n2-messages", transfer, http.StatusAccepted, "Location", "https://b" + ueContexts + "imsi-001010000000001/n1-n2-messages/5"},
		{"DELETE", ueContexts + "imsi-001010000000001", json, http.StatusMethodNotAllowed, "Allow", "PUT"},
		{"GET", ueContexts + "imsi-001010000000001/transfer", message{}, http.StatusMethodNotAllowed, "Allow", "POST"},
		{"POST", "/namf-comm/v2/ue-contexts/x/transfer", json, http.StatusNotFound, "", string(causeNoSuchURI)},
		{"GET", "/", message{}, http.StatusNotFound, "", string(causeNoSuchURI)},
		{"POST", ueContexts + "x/transfer", json, http.StatusBadRequest, "", string(sbi.CauseMandatoryIEMissing)},
		{"POST", ueContexts + "x/transfer", message{typeJSON, []byte("{")}, http.StatusBadRequest, "", string(sbi.CauseInvalidMsgFormat)},
		{"POST", ueContexts + "x/transfer", message{"text/plain", []byte("x")}, http.StatusUnsupportedMediaType, "", string(sbi.CauseInvalidMsgFormat)},
		{"POST", ueContexts + "x/transfer", message{typeJSON, make([]byte, maxMessage+1)}, http.StatusRequestEntityTooLarge, "", string(sbi.CauseInvalidMsgFormat)},
	} {
		req, err := http.NewRequestWithContext(t.Context(), q.method, "https://b"+q.path, bytes.NewReader(q.body.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", q.body.contentType)
		r, err := c.http.Do(req)
		if err != nil {
			t.Errorf("%s %s: %v", q.method, q.path, err)
			continue
		}
		m, err := readMessage(r.Header.Get("Content-Type"), r.Body)
		_ = r.Body.Close()
		if err != nil || r.StatusCode != q.status {
			t.Errorf("%s %s: status %d, want %d, %v", q.method, q.path, r.StatusCode, q.status, err)
		}
		if q.header != "" {
			if got := r.Header.Get(q.header); got != q.want {
				t.Errorf("%s %s: %s %q, want %q", q.method, q.path, q.header, got, q.want)
			}
		}
		if q.status >= 400 {
			p, err := decode(problemIn, m)
			if err != nil || m.contentType != typeProblem || p.Status != q.status || q.header == "" && string(p.Cause) != q.want {
				t.Errorf("%s %s: %q %+v %v", q.method, q.path, m.contentType, p, err)
			}
		}
	}
}
