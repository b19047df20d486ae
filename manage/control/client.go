package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/limpid-5g/limpid/sbi"
)

const maxAnswer = 64 << 20 // octets

// Client speaks to the core that listens on a socket.
type Client struct {
	path string
	http http.Client
}

// NewClient makes a client; nothing is opened before the first Call.
func NewClient(path string) *Client {
	c := &Client{path: path}
	c.http.Transport = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}
	return c
}

// Call runs an operation of the core. In may be nil, and so may out where the answer does not matter. Errors: a
// *sbi.ProblemDetails from the core; else the core could not be reached.
func (c *Client) Call(ctx context.Context, name string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if in == nil {
		body = nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://limpid/"+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("no core answers on %s (is it running, and is this its control.socket?): %w", c.path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return problem(name, answer.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func problem(name string, status int, text []byte) error {
	var p sbi.ProblemDetails
	if json.Unmarshal(text, &p) != nil || p.Cause == "" { // an older core does not know the operation
		return fmt.Errorf("operation %q: the core answers %d %s", name, status, http.StatusText(status))
	}
	return &p
}
