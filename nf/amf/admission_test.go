package amf

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAdmission: the bound falls while UEs wait for their goroutine, never below what is always let in, and comes back.
func TestAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1000)
		if !a.admits(999) || a.admits(1000) {
			t.Fatal("the operator's bound does not hold")
		}
		for range 3 {
			time.Sleep(admissionWindow)
			a.waited(4*admissionWait, 400)
		}
		if a.admits(300) || !a.admits(100) || !a.full() {
			t.Errorf("bound %d after three late windows with 400 busy", a.limit)
		}
		for range 40 {
			time.Sleep(admissionWindow)
			a.waited(time.Second, 400)
		}
		if a.limit != admissionLeast || !a.admits(admissionLeast-1) {
			t.Errorf("bound %d after many", a.limit)
		}
		for range 200 {
			time.Sleep(admissionWindow)
			a.waited(0, 10)
		}
		if a.full() {
			t.Errorf("bound %d, and nobody has waited for 10 s", a.limit)
		}
		time.Sleep(admissionWindow)
		a.waited(time.Second, 40)
		time.Sleep(time.Minute) // nobody is let in and nobody waits
		for range 10 {
			a.admits(40)
			time.Sleep(10 * time.Second)
		}
		if !a.admits(500) {
			t.Errorf("bound %d after a quiet time", a.limit)
		}
	})
}
