package http2

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

const (
	patience     = 30 * time.Second // for an answer, where the caller sets no less, and for a request to be read
	writeTime    = 60 * time.Second // from the head of a request to the end of its answer
	idlePatience = 90 * time.Second // for the next request over a connection
	headerWait   = 15 * time.Second // for the head of a request, and for the handshake
	pingAfter    = 5 * time.Second  // of silence, and as long for the answer: a peer that is gone is asked no more
	maxHeaders   = 16 << 10         // octets
	maxStreams   = 256              // requests of a peer at a time
)

// Client is a peer over HTTP/2.
type Client struct {
	self, name string
	http       *http.Client
}

// NewClient reaches the core with a name from that of self over connections of dial. The certificate of the core must name it.
func NewClient(self, name string, dial func(ctx context.Context) (net.Conn, error), security *tls.Config) *Client {
	security = security.Clone()
	security.ServerName, security.MinVersion = name, tls.VersionTLS13
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	t := &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		TLSClientConfig: security, Protocols: &protocols, IdleConnTimeout: idlePatience, MaxResponseHeaderBytes: maxHeaders,
		TLSHandshakeTimeout: headerWait, HTTP2: &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		DisableCompression: true,
	}
	return &Client{self, name, &http.Client{
		Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends connections that nothing uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Server serves a handler of Handler to clients with a certificate; its Addr and listener are the caller's.
func Server(h http.Handler, security *tls.Config) *http.Server {
	security = security.Clone()
	security.ClientAuth, security.MinVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS13
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	return &http.Server{
		Handler: h, TLSConfig: security, Protocols: &protocols, ReadHeaderTimeout: headerWait, ReadTimeout: patience, IdleTimeout: idlePatience, WriteTimeout: writeTime,
		MaxHeaderBytes: maxHeaders, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, PingTimeout: pingAfter},
	}
}

// reply is what a peer has answered well.
type reply struct {
	body message
	ends bool
}

// Unanswered is that a peer was not reached or did not answer: what it has done is not known.
type Unanswered struct{ *sbi.ProblemDetails }

// Unwrap is the problem as the caller's service knows it.
func (u *Unanswered) Unwrap() error { return u.ProblemDetails }

// do asks. The error is an *Unanswered, a *sbi.ProblemDetails, or what fail makes of a refusal with a body of its own.
func (c *Client) do(ctx context.Context, method, path string, m message, ends bool, fail func(int, message) error) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "https://"+c.name+path, bytes.NewReader(m.body))
	if err != nil {
		return reply{}, sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	req.Header.Set("Content-Type", m.contentType)
	if ends {
		req.Header.Set(headerEnded, "true")
	}
	rsp, err := c.http.Do(req)
	if err != nil {
		return reply{}, &Unanswered{sbi.Problem(http.StatusGatewayTimeout, sbi.CausePeerNotResponding, "core %q: %v", c.name, errors.Unwrap(err))}
	}
	defer func() { _ = rsp.Body.Close() }() // it was only read
	body, err := readMessage(rsp.Header.Get("Content-Type"), rsp.Body)
	switch {
	case err != nil:
		return reply{}, err
	case rsp.StatusCode >= 200 && rsp.StatusCode < 300:
		return reply{body, rsp.Header.Get(headerEnded) != ""}, nil
	case fail != nil && body.contentType != typeProblem:
		if err := fail(rsp.StatusCode, body); err != nil {
			return reply{}, err
		}
	}
	p, err := decode(problemIn, body)
	if err != nil {
		return reply{}, sbi.Problem(rsp.StatusCode, sbi.CauseSystemFailure, "core %q gives no reason", c.name)
	}
	p.Status = rsp.StatusCode
	return reply{}, &p
}

// ask sends one document and reads another.
func ask[V, W, A, B any](c *Client, ctx context.Context, method, path string, put func(*out, *V) *W, v *V, get func(*in, *A) B, fail func(int, message) error) (b B, err error) {
	m, err := encode(put, v)
	if err != nil {
		return b, sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	r, err := c.do(ctx, method, path, m, false, fail)
	if err != nil {
		return b, err
	}
	return decode(get, r.body)
}

// tell sends a document to which the answer is that it was heard.
func tell[V, W any](c *Client, ctx context.Context, path string, put func(*out, *V) *W, v *V) error {
	m, err := encode(put, v)
	if err != nil {
		return sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	_, err = c.do(ctx, http.MethodPost, path, m, false, nil)
	return err
}

// UEContextTransfer is namf.UEContexts.
func (c *Client) UEContextTransfer(ctx context.Context, id namf.UEContextID, req namf.UEContextTransferReqData) (namf.UEContextTransferRspData, error) {
	rsp, err := ask(c, ctx, http.MethodPost, ueContexts+url.PathEscape(string(id))+"/transfer", transferReqOut, &req, transferRspIn, nil)
	if err == nil {
		err = elsewhere(rsp.UEContext.SessionContextList)
	}
	if err != nil {
		return namf.UEContextTransferRspData{}, err
	}
	return rsp, nil
}

// RegistrationStatusUpdate is namf.UEContexts.
func (c *Client) RegistrationStatusUpdate(ctx context.Context, id namf.UEContextID, req namf.UERegStatusUpdateReqData) (namf.UERegStatusUpdateRspData, error) {
	return ask(c, ctx, http.MethodPost, ueContexts+url.PathEscape(string(id))+"/transfer-update", statusReqOut, &req, statusRspIn, nil)
}

// CreateUEContext is namf.UEContexts. Its refusals are *namf.UEContextCreateError.
func (c *Client) CreateUEContext(ctx context.Context, id namf.UEContextID, req namf.UEContextCreateData) (namf.UEContextCreatedData, error) {
	return ask(c, ctx, http.MethodPut, ueContexts+url.PathEscape(string(id)), createDataOut, &req, createdDataIn, func(status int, m message) error {
		e, err := decode(createErrorIn, m)
		if err != nil {
			return nil // the status says enough
		}
		e.Status = status
		return &e
	})
}

// ReleaseUEContext is namf.UEContexts.
func (c *Client) ReleaseUEContext(ctx context.Context, id namf.UEContextID, req namf.UEContextRelease) error {
	return tell(c, ctx, ueContexts+url.PathEscape(string(id))+"/release", releaseOut, &req)
}

// N2InfoNotify is namf.UEContexts.
func (c *Client) N2InfoNotify(ctx context.Context, id namf.UEContextID, n namf.N2InformationNotification) error {
	return tell(c, ctx, n2Callbacks+url.PathEscape(string(id)), n2NotificationOut(id), &n)
}

// N1N2MessageTransfer is namf.Peer.
func (c *Client) N1N2MessageTransfer(ctx context.Context, supi ident.SUPI, req namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	m, err := encode(n1n2ReqOut, &req)
	if err != nil {
		return namf.N1N2MessageTransferRspData{}, sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	r, err := c.do(ctx, http.MethodPost, ueContexts+string(supi)+"/n1-n2-messages", m, req.ReleaseOnSent, nil)
	if err != nil {
		return namf.N1N2MessageTransferRspData{}, err
	}
	return decode(n1n2RspIn, r.body)
}

// N1N2TransferFailureNotify is namf.TransferFailures; the reference is one of the peer.
func (c *Client) N1N2TransferFailureNotify(ctx context.Context, n namf.N1N2MsgTxfrFailureNotification) error {
	transfer := "https://" + c.self + smContexts + n.SMContextRef // it names no SUPI: the SMF goes by where it is told
	return tell(c, ctx, failurePath(n.SMContextRef, n.PDUSessionID), failureOut(transfer), &n)
}

// CreateSMContext is nsmf.PDUSession: a session begins at the SMF of the core that serves the UE.
func (c *Client) CreateSMContext(context.Context, nsmf.SMContextCreateData) (nsmf.SMContextCreatedData, error) {
	return nsmf.SMContextCreatedData{}, sbi.Problem(http.StatusNotImplemented, sbi.CauseSystemFailure, "sessions do not begin at another core")
}

// UpdateSMContext is nsmf.PDUSession.
func (c *Client) UpdateSMContext(ctx context.Context, ref string, data nsmf.SMContextUpdateData) (nsmf.SMContextUpdatedData, error) {
	m, err := encode(smUpdateOut, &data)
	if err != nil {
		return nsmf.SMContextUpdatedData{}, sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	r, err := c.do(ctx, http.MethodPost, smContexts+url.PathEscape(ref)+"/modify", m, false, func(status int, m message) error {
		e, err := decode(smErrorIn, m)
		if err != nil {
			return nil // the status says enough
		}
		e.Status = status
		return &e
	})
	if err != nil {
		return nsmf.SMContextUpdatedData{}, err
	}
	updated, err := decode(smUpdatedIn, r.body)
	updated.Released = r.ends
	return updated, err
}

// ReleaseSMContext is nsmf.PDUSession.
func (c *Client) ReleaseSMContext(ctx context.Context, ref string, data nsmf.SMContextReleaseData) error {
	return tell(c, ctx, smContexts+url.PathEscape(ref)+"/release", smReleaseOut, &data)
}

// SMContextStatusNotify tells the peer's AMF that a session of this core ended; ref is its URI.
func (c *Client) SMContextStatusNotify(ctx context.Context, supi ident.SUPI, pduSessionID uint8, ref string) error {
	_, own, err := sbi.ContextRef(ref)
	if err != nil {
		return sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	return tell(c, ctx, statusPath(supi, pduSessionID, own), smStatusOut, &ended{})
}
