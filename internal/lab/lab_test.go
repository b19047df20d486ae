package lab

import (
	"testing"
	"time"
)

func TestParseCPU(t *testing.T) {
	const stat = "4242 (a ) b) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 50 6 7 20 0 12 0 99 100 200"
	if d, err := parseCPU([]byte(stat)); err != nil || d != 2*time.Second {
		t.Errorf("%v, %v", d, err)
	}
	for _, bad := range []string{"", "1 (x) S 1 2", "1 (x) S 1 4242 4242 0 -1 4194560 1 2 3 4 x y 6 7"} {
		if d, err := parseCPU([]byte(bad)); err == nil {
			t.Errorf("%q is %v", bad, d)
		}
	}
}
