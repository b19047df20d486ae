package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// TestIdlePhoneGetsEveryPacket sends 1,000 packets at 100 a second to a phone that is idle, which answers paging a second and a half
// later (TS 23.502 §4.2.3.3): every one arrives, in order, the one that caused paging first, and the SMF hears of them to the
// octet. It needs root.
func TestIdlePhoneGetsEveryPacket(t *testing.T) {
	const packets, answer = 1000, 1500 * time.Millisecond
	p := newFarPlace(t, 1200) // more than all of them
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.radios[0].ReleaseUE(ctx, p.phone, ngap.CauseRadioNetworkUserInactivity); err != nil {
		t.Fatal(err)
	}
	if err := p.phone.AwaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	up := p.octets
	paging := p.page()
	down := p.octets
	awake := make(chan error, 1)
	go func() {
		time.Sleep(answer)
		_, err := p.phone.ServiceRequest(ctx, ue.ServiceOptions{})
		awake <- err
	}()
	tick := time.NewTicker(time.Second / 100)
	defer tick.Stop()
	for i := range packets {
		<-tick.C
		text := fmt.Sprint("downlink ", i)
		down += uint64(28 + len(text))
		p.send(text)
	}
	if err := <-awake; err != nil {
		t.Fatal(err)
	}
	first := 0
	if _, err := fmt.Sscanf(p.arrives(p.atPhone), "paging %d", &first); err != nil {
		t.Fatalf("the packet that caused paging is lost: %v", err)
	}
	for i := first + 1; i < paging; i++ {
		p.next(p.atPhone, fmt.Sprint("paging ", i))
	}
	for i := range packets {
		p.next(p.atPhone, fmt.Sprint("downlink ", i))
	}
	p.accounted(up, down)
}
