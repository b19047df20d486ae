package amf

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAdmission: the bound falls while every UE waits for its answer, never below what is always let in, and comes back.
func TestAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(10_000)
		if !a.admits(9_999) || a.admits(10_000) {
			t.Fatal("the operator's bound does not hold")
		}
		wait := func(busy int, waits ...time.Duration) {
			for _, d := range waits {
				a.answered(d, busy)
			}
			time.Sleep(admissionWindow)
			a.admits(busy)
		}
		wait(4000, time.Second, time.Second, admissionWait, time.Minute) // one was answered soon
		if !a.admits(9_999) {
			t.Errorf("bound %d, and no queue has stood for a window", a.limit)
		}
		for range 3 {
			wait(4000, 2*admissionWait, time.Second)
		}
		if a.admits(2000) || !a.admits(1000) {
			t.Errorf("bound %d after three late windows with 4,000 busy", a.limit)
		}
		for range 40 {
			wait(4000, time.Second)
		}
		if a.limit != admissionLeast || !a.admits(admissionLeast-1) {
			t.Errorf("bound %d after many", a.limit)
		}
		for range 200 {
			wait(10, 0)
		}
		if a.limit != 10_000 {
			t.Errorf("bound %d, and nobody has waited for 50 s", a.limit)
		}
		wait(400, time.Second)
		time.Sleep(time.Minute) // nobody is let in and nobody waits
		for range 10 {
			a.admits(400)
			time.Sleep(10 * time.Second)
		}
		if !a.admits(5000) {
			t.Errorf("bound %d after a quiet time", a.limit)
		}
	})
}

// TestAdmissionOfFew: an operator may let in fewer than are let in otherwise.
func TestAdmissionOfFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(4)
		a.answered(time.Second, 4)
		time.Sleep(admissionWindow)
		if a.admits(4) || !a.admits(3) {
			t.Errorf("bound %d of 4", a.limit)
		}
	})
}

// TestOverrun: gNBs are asked to keep UEs away, TS 38.413 §8.7.7, once UEs have been turned away without a pause because others
// wait, and not for a moment's queue; when few are busy they are told that it is over, TS 38.413 §8.7.8.
func TestOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.MaxProcedures, cfg.Overload = 1000, Overload{Start: 900, Stop: 700}
		a := testAMF(t, cfg)
		g, sent := testGNB(a)
		defer closeAll(t, a, g)
		queue := func(windows int) {
			for range windows {
				a.admission.answered(time.Second, 500)
				a.admission.admits(500)
				a.watchLoad()
				time.Sleep(admissionWindow)
			}
		}
		queue(admissionLasts)
		time.Sleep(time.Second)
		queue(admissionLasts)
		expect(t, sent(t))
		queue(2)
		expect(t, sent(t), "OverloadStart")
		time.Sleep(2 * loadTick)
		synctest.Wait()
		expect(t, sent(t), "OverloadStart", "OverloadStop")
		time.Sleep(time.Minute)
		a.watchLoad()
		expect(t, sent(t), "OverloadStart", "OverloadStop")
	})
}
