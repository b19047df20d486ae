package http2

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// Peer is what a core does for another one.
type Peer interface {
	namf.Peer
	namf.TransferFailures
	nsmf.PDUSession
	// SMContextStatusNotify tells the AMF that an SM context ended, TS 29.502 §5.2.2.5.
	SMContextStatusNotify(ctx context.Context, supi ident.SUPI, pduSessionID uint8, ref string) error
}

// Known is a core that may ask.
type Known struct {
	Name  string // in its certificate
	GUAMI ident.GUAMI
}

// The ways to the services, TS 29.518 §6.1.1 and TS 29.502 §6.1.1. Callbacks are where this house wants them.
const (
	ueContexts      = "/namf-comm/v1/ue-contexts/"
	n2Callbacks     = "/namf-callback/v1/n2-info/"
	statusCallbacks = "/namf-callback/v1/sm-context-status/"
	smContexts      = "/nsmf-pdusession/v1/sm-contexts/"
)

// server serves a core to its peers.
type server struct {
	name  string
	own   Peer
	known []Known
}

// Handler serves the core with a name to those that it knows. It needs the verified certificate of the client.
func Handler(name string, own Peer, known []Known) http.Handler {
	s := &server{name, own, known}
	mux := http.NewServeMux()
	for _, o := range []struct {
		method, path string
		serve        func(*request) (int, message, error)
	}{
		{http.MethodPut, ueContexts + "{id}", s.createUEContext},
		{http.MethodPost, ueContexts + "{id}/release", s.releaseUEContext},
		{http.MethodPost, ueContexts + "{id}/transfer", s.transferUEContext},
		{http.MethodPost, ueContexts + "{id}/transfer-update", s.updateStatus},
		{http.MethodPost, ueContexts + "{id}/n1-n2-messages", s.transferMessage},
		{http.MethodPost, n2Callbacks + "{id}", s.notifyN2},
		{http.MethodPost, statusCallbacks + "{supi}/{session}/{ref}", s.notifyStatus},
		{http.MethodPost, smCallbackPattern, s.notifyFailure},
		{http.MethodPost, smContexts + "{ref}/modify", s.updateSMContext},
		{http.MethodPost, smContexts + "{ref}/release", s.releaseSMContext},
	} {
		mux.HandleFunc(o.method+" "+o.path, s.answer(o.serve))
		mux.HandleFunc(o.path, s.answer(func(r *request) (int, message, error) {
			r.header.Set("Allow", o.method)
			return 0, message{}, sbi.Problem(http.StatusMethodNotAllowed, "", "%s: want %s", r.Method, o.method)
		}))
	}
	mux.HandleFunc("/", s.answer(func(*request) (int, message, error) {
		return 0, message{}, sbi.Problem(http.StatusNotFound, causeNoSuchURI, "no such resource, or service")
	}))
	return mux
}

// causeNoSuchURI is of TS 29.500 §5.2.7.2.
const causeNoSuchURI sbi.Cause = "RESOURCE_URI_STRUCTURE_NOT_FOUND"

const smCallbackPattern = smfCallbacks + "{ref}" + failures + "{session}"

// request is one of a peer that has proven who it is.
type request struct {
	*http.Request
	peer Known
	body message
	ends bool // headerEnded was in it, or is to be in the answer

	header http.Header // of the answer
}

// made says where what the request has made is, TS 29.500 §5.2.2.2.
func (r *request) made(core, path string) { r.header.Set("Location", "https://"+core+path) }

// answer reads a request, has it served and answers.
func (s *server) answer(serve func(*request) (int, message, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, m, req, err := s.serve(serve, w.Header(), r)
		if err != nil {
			status, m = problemMessage(err)
		}
		if req != nil && req.ends {
			w.Header().Set(headerEnded, "true")
		}
		if m.contentType != "" {
			w.Header().Set("Content-Type", m.contentType)
		}
		w.WriteHeader(status)
		_, _ = w.Write(m.body) // a peer that is gone hears nothing
	}
}

func (s *server) serve(serve func(*request) (int, message, error), header http.Header, r *http.Request) (int, message, *request, error) {
	peer, err := s.peerOf(r)
	if err != nil {
		return 0, message{}, nil, err
	}
	body, err := readMessage(r.Header.Get("Content-Type"), r.Body)
	if err != nil {
		return 0, message{}, nil, err
	}
	req := &request{Request: r.WithContext(sbi.WithCaller(r.Context(), peer.Name)), peer: peer, body: body, header: header}
	status, m, err := serve(req)
	return status, m, req, err
}

// peerOf is the core that the client's certificate names.
func (s *server) peerOf(r *http.Request) (Known, error) {
	return peerIn(r.TLS, s.known)
}

func peerIn(c *tls.ConnectionState, known []Known) (Known, error) {
	if c == nil || len(c.VerifiedChains) == 0 {
		return Known{}, refused("the client has no certificate")
	}
	own := c.VerifiedChains[0][0]
	peer, ok := namedBy(own, known)
	if !ok {
		return Known{}, refused("the certificate names %q: want exactly one of the peers in the config", own.DNSNames)
	}
	return peer, nil
}

func namedBy(c *x509.Certificate, known []Known) (peer Known, ok bool) {
	n := 0
	for _, k := range known {
		for _, name := range c.DNSNames {
			if name == k.Name {
				peer = k
				n++
			}
		}
	}
	return peer, n == 1
}

func refused(format string, args ...any) error { return sbi.NotYours(format, args...) }

// problemMessage is the answer to an error.
func problemMessage(err error) (int, message) {
	p, ok := errors.AsType[*sbi.ProblemDetails](err)
	if !ok || p == nil {
		p = sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	var m message
	var e error
	if create, ok := errors.AsType[*namf.UEContextCreateError](err); ok {
		m, e = encode(createErrorOut, create)
	} else if sm, ok := errors.AsType[*nsmf.SMContextError](err); ok {
		m, e = encode(smErrorOut, sm)
	} else if m, e = encode(problemOut, p); e == nil {
		m.contentType = typeProblem
	}
	if e != nil {
		return http.StatusInternalServerError, message{}
	}
	return p.Status, m
}

// done is the answer to what went well.
func done[V, W any](status int, put func(*out, *V) *W, v V) (int, message, error) {
	m, err := encode(put, &v)
	return status, m, err
}

func (r *request) context() namf.UEContextID { return namf.UEContextID(r.PathValue("id")) }

// same refuses a SUPI in a body that is not the one of the path.
func (r *request) same(supi ident.SUPI) error {
	if path, ok := r.context().SUPI(); ok && supi != "" && path != supi {
		return sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "the body is about another SUPI than the path")
	}
	return nil
}

func (s *server) transferUEContext(r *request) (int, message, error) {
	data, err := decode(transferReqIn, r.body)
	if err != nil {
		return 0, message{}, err
	}
	rsp, err := s.own.UEContextTransfer(r.Context(), r.context(), data)
	if err != nil {
		return 0, message{}, err
	}
	return done(http.StatusOK, transferRspOut, rsp)
}

func (s *server) updateStatus(r *request) (int, message, error) {
	data, err := decode(statusReqIn, r.body)
	if err != nil {
		return 0, message{}, err
	}
	rsp, err := s.own.RegistrationStatusUpdate(r.Context(), r.context(), data)
	if err != nil {
		return 0, message{}, err
	}
	return done(http.StatusOK, statusRspOut, rsp)
}

func (s *server) createUEContext(r *request) (int, message, error) {
	data, err := decode(createDataIn, r.body)
	if err == nil {
		err = r.same(data.UEContext.SUPI)
	}
	if host, _ := sbi.CallbackHost(data.N2NotifyURI); err == nil && host != r.peer.Name {
		err = sbi.Problem(http.StatusForbidden, sbi.CauseMandatoryIEIncorrect, "n2NotifyUri is not of %q", r.peer.Name)
	}
	if err == nil {
		err = elsewhere(data.UEContext.SessionContextList)
	}
	if err != nil {
		return 0, message{}, err
	}
	rsp, err := s.own.CreateUEContext(r.Context(), r.context(), data)
	if err != nil {
		return 0, message{}, err
	}
	r.made(s.name, ueContexts+url.PathEscape(string(r.context())))
	return done(http.StatusCreated, createdDataOut, rsp)
}

// elsewhere wants sessions by URI: a reference alone would be taken for one of this core's own.
func elsewhere(sessions []namf.PDUSessionContext) error {
	for _, c := range sessions {
		if core, _, err := sbi.ContextRef(c.SMContextRef); err != nil || core == "" {
			return sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "PDU session %d: smContextRef is not the URI of an SM context", c.PDUSessionID)
		}
	}
	return nil
}

func (s *server) releaseUEContext(r *request) (int, message, error) {
	data, err := decode(releaseIn, r.body)
	if err == nil {
		err = r.same(data.SUPI)
	}
	if err == nil {
		err = s.own.ReleaseUEContext(r.Context(), r.context(), data)
	}
	return http.StatusNoContent, message{}, err
}

func (s *server) notifyN2(r *request) (int, message, error) {
	data, err := decode(n2NotificationIn, r.body)
	if err == nil {
		err = s.own.N2InfoNotify(r.Context(), r.context(), data)
	}
	return http.StatusNoContent, message{}, err
}

func (s *server) transferMessage(r *request) (int, message, error) {
	data, err := decode(n1n2ReqIn, r.body)
	if err != nil {
		return 0, message{}, err
	}
	supi, ok := r.context().SUPI()
	if !ok {
		return 0, message{}, sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "transfers are for a SUPI")
	}
	if core, _, err := sbi.ContextRef(data.SMContextRef); err != nil || data.SMContextRef != "" && core != r.peer.Name {
		return 0, message{}, sbi.Problem(http.StatusForbidden, sbi.CauseMandatoryIEIncorrect, "n1n2FailureTxfNotifURI is not of %q", r.peer.Name)
	}
	data.ReleaseOnSent = r.Header.Get(headerEnded) != ""
	rsp, err := s.own.N1N2MessageTransfer(r.Context(), supi, data)
	if err != nil {
		return 0, message{}, err
	}
	status := http.StatusOK
	if rsp.Cause == namf.AttemptingToReachUE {
		status = http.StatusAccepted // the UE is paged, TS 29.518 §5.2.2.3.1
		r.made(s.name, fmt.Sprint(ueContexts, supi, "/n1-n2-messages/", data.PDUSessionID))
	}
	return done(status, n1n2RspOut, rsp)
}

// session is the PDU session in the path.
func (r *request) session() (uint8, error) {
	n, err := strconv.ParseUint(r.PathValue("session"), 10, 8)
	if err != nil || n < 1 || n > maxSessions {
		return 0, sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "%q is no PDU session", r.PathValue("session"))
	}
	return uint8(n), nil
}

// notifyStatus takes note of the end of a session of the peer's SMF.
func (s *server) notifyStatus(r *request) (int, message, error) {
	_, err := decode(smStatusIn, r.body)
	if err != nil {
		return 0, message{}, err
	}
	supi, err := ident.ParseSUPI(r.PathValue("supi"))
	if err != nil {
		return 0, message{}, sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "the path has no SUPI")
	}
	id, err := r.session()
	if err == nil {
		err = s.own.SMContextStatusNotify(r.Context(), supi, id, sbi.ContextURI(r.peer.Name, r.PathValue("ref")))
	}
	return http.StatusNoContent, message{}, err
}

func (s *server) notifyFailure(r *request) (int, message, error) {
	id, err := r.session()
	if err != nil {
		return 0, message{}, err
	}
	data, err := decode(failureIn(r.PathValue("ref"), id), r.body)
	if err == nil {
		err = s.own.N1N2TransferFailureNotify(r.Context(), data)
	}
	return http.StatusNoContent, message{}, err
}

func (s *server) updateSMContext(r *request) (int, message, error) {
	data, err := decode(smUpdateIn, r.body)
	if err != nil {
		return 0, message{}, err
	}
	if data.GUAMI != (ident.GUAMI{}) && data.GUAMI != r.peer.GUAMI || data.ServingNFID != "" && data.ServingNFID != instanceID(r.peer.Name) {
		return 0, message{}, sbi.Problem(http.StatusForbidden, sbi.CauseMandatoryIEIncorrect, "guami or servingNfId is not of %q", r.peer.Name)
	}
	if data.ServingNFID != "" {
		data.ServingNFID = r.peer.Name
	}
	rsp, err := s.own.UpdateSMContext(r.Context(), r.PathValue("ref"), data)
	if err != nil {
		return 0, message{}, err
	}
	r.ends = rsp.Released
	return done(http.StatusOK, smUpdatedOut, rsp)
}

func (s *server) releaseSMContext(r *request) (int, message, error) {
	data, err := decode(smReleaseIn, r.body)
	if err == nil {
		err = s.own.ReleaseSMContext(r.Context(), r.PathValue("ref"), data)
	}
	return http.StatusNoContent, message{}, err
}

// statusPath is where an AMF is told of the end of an SM context.
func statusPath(supi ident.SUPI, id uint8, ref string) string {
	return fmt.Sprintf("%s%s/%d/%s", statusCallbacks, supi, id, url.PathEscape(ref))
}
