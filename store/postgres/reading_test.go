package postgres_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"
)

// TestReadingGoesOn: the database dies while all UEs and sessions are read. Each comes once all the same.
func TestReadingGoesOn(t *testing.T) {
	db, s := mortal(t)
	const many = 1000
	large := bytes.Repeat([]byte("context "), 4<<10) // more in all than is on its way at once
	ues, sessions := make([]store.UEContext, many), make([]store.SMContext, many)
	for i := range many {
		ues[i], sessions[i] = storetest.UE(i), storetest.SM(i)
		ues[i].Record, sessions[i].Record = large, large
	}
	for at := 0; at < many; at += 100 {
		errs, err := s.KeepUEs(t.Context(), ues[at:at+100])
		errs2, err2 := s.KeepSMs(t.Context(), sessions[at:at+100])
		for _, err := range append(append(errs, errs2...), err, err2) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	came := 0
	dies := func() {
		if came++; came%400 != 300 {
			return
		}
		if err := db.kill(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(200*time.Millisecond, func() {
			if err := db.start(); err != nil {
				t.Error(err)
			}
		})
	}
	seen := make(map[string]int)
	for u, err := range s.UEs(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		seen["UE "+string(u.SUPI)]++
		dies()
	}
	for n, err := range s.SMs(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		seen["SM "+string(n.SUPI)]++
		dies()
	}
	if len(seen) != 2*many || came != 2*many {
		t.Errorf("%d of %d contexts came, %d in all", len(seen), 2*many, came)
	}
}
