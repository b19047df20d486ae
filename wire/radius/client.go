package radius

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Client asks one server.
type Client struct {
	Dial   func(context.Context) (net.Conn, error) // to the server, for datagrams
	Secret []byte
	Wait   time.Duration // until a request is sent again
	Tries  int
}

// ErrSilent says that the server has not answered.
var ErrSilent = errors.New("radius: the server does not answer")

// Exchange sends a request, again if need be, RFC 5080 §2.2.1, and returns the answer. What does not come from who knows
// the secret is passed over.
func (c *Client) Exchange(ctx context.Context, request *Packet) (*Packet, error) {
	b, err := request.Request(c.Secret)
	if err != nil {
		return nil, err
	}
	conn, err := c.Dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("radius: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for range c.Tries {
		deadline := time.Now().Add(c.Wait)
		if err := errors.Join(conn.SetDeadline(deadline), ctx.Err()); err != nil {
			return nil, err
		}
		_, err := conn.Write(b) // a server that is not there may answer a later one
		for err == nil {
			var answer *Packet
			if answer, err = c.read(conn, request); answer != nil {
				return answer, nil
			}
		}
		if left := time.Until(deadline); left > 0 { // refused at once
			select {
			case <-time.After(left):
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, ErrSilent
}

// read reads one datagram; nil without an error if it is not the answer.
func (c *Client) read(conn net.Conn, request *Packet) (*Packet, error) {
	buffer := make([]byte, maxSize)
	n, err := conn.Read(buffer)
	if err != nil {
		return nil, err
	}
	p, err := Parse(buffer[:n])
	if err != nil || p.VerifyResponse(buffer[:n], request, c.Secret) != nil {
		return nil, nil
	}
	return p, nil
}
