package sctp

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestPipe checks that the pair in memory behaves as an association.
func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		if a.RemoteAddr() != b.LocalAddr() || a.OutboundStreams() == 0 {
			t.Error("addresses or streams")
		}
		m := text(3, "hello")
		mustSend(t, a, m)
		m.Data[0] = 'J' // the sender keeps its data
		wantMessage(t, b, text(3, "hello"))
		go func() {
			time.Sleep(time.Hour)
			b.Send(context.Background(), text(0, "later"))
		}()
		wantMessage(t, a, text(0, "later"))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := a.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Receive: %v", err)
		}
		if err := a.Send(ctx, Message{Stream: a.OutboundStreams(), Data: []byte{1}}); err != ErrStream {
			t.Errorf("Send: %v", err)
		}
		if err := a.Send(ctx, Message{}); err != ErrMessageSize {
			t.Errorf("Send: %v", err)
		}
		mustSend(t, a, text(0, "last"))
		if err := a.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := b.Send(ctx, m); err != ErrShutdown {
			t.Errorf("Send after shutdown: %v", err)
		}
		wantMessage(t, b, text(0, "last"))
		wantEnd(t, b, io.EOF)
		wantEnd(t, a, io.EOF)
	})
}

// TestPipeAbort tells the reason to the other side.
func TestPipeAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		go func() {
			time.Sleep(time.Second)
			a.Abort("enough")
		}()
		_, err := b.Receive(context.Background())
		var abort *AbortError
		if !errors.As(err, &abort) || abort.Reason != "enough" {
			t.Errorf("Receive: %v", err)
		}
		wantEnd(t, a, net.ErrClosed)
	})
}

// TestPipeBlocks checks that a sender waits for a slow receiver.
func TestPipeBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		const count = 20
		go func() {
			for i := range count {
				mustSend(t, a, Message{Data: numbered(i, 100_000)})
			}
		}()
		synctest.Wait()
		if size := b.(*pipeEnd).size; size > 512<<10 {
			t.Errorf("%d octets buffered", size)
		}
		for i := range count {
			wantMessage(t, b, Message{Data: numbered(i, 100_000)})
		}
	})
}
