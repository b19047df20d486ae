package config

import "fmt"

// Paging is how idle phones are sought, TS 23.501 §5.4.3.1.
type Paging struct {
	T3513 Duration `yaml:"t3513"` // how long an attempt waits for the answer, TS 24.501 §10.2
	// Attempts is where each attempt goes: last-gnb, tracking-area, registration-area.
	Attempts []string `yaml:"attempts"`
	// PriorityARP is the highest ARP priority level that is paged with priority, TS 23.501 §5.4.3.3; 0: none is.
	PriorityARP uint8 `yaml:"priority_arp"`
}

// Overload is when gNBs are asked to keep phones away, TS 23.501 §5.19.5.2, in percent of amf.max_procedures; also
// while phones are turned away because the core is slow.
type Overload struct {
	Start     int   `yaml:"start"` // 0: never
	Stop      int   `yaml:"stop"`
	Reduction uint8 `yaml:"reduction"` // by how many percent, 1 to 99; 0: all
}

const (
	maxPagingAttempts = 16 // TS 38.413 §9.3.1.72
	maxPagingPriority = 8  // TS 38.413 §9.3.1.78
)

func (v *validator) reachability() {
	p, o := &v.AMF.Paging, &v.AMF.Overload
	if p.T3513 <= 0 {
		v.bad("amf.paging.t3513", "want a duration, such as 2s")
	}
	if n := len(p.Attempts); n == 0 || n > maxPagingAttempts {
		v.bad("amf.paging.attempts", "%d attempts, want 1 to %d of last-gnb, tracking-area, registration-area", n, maxPagingAttempts)
	}
	for i, a := range p.Attempts {
		v.oneOf(fmt.Sprintf("amf.paging.attempts[%d]", i), a, "last-gnb", "tracking-area", "registration-area")
	}
	if p.PriorityARP > maxPagingPriority {
		v.bad("amf.paging.priority_arp", "%d: there are %d paging priorities, want 0 to %d (TS 38.413 §9.3.1.78)", p.PriorityARP, maxPagingPriority, maxPagingPriority)
	}
	if o.Start < 0 || o.Start > 100 {
		v.bad("amf.overload.start", "%d %%: want 1 to 100, or 0 for never", o.Start)
	}
	if o.Start > 0 && (o.Stop < 0 || o.Stop >= o.Start) {
		v.bad("amf.overload.stop", "%d %%: want less than amf.overload.start, %d", o.Stop, o.Start)
	}
	if o.Reduction > 99 {
		v.bad("amf.overload.reduction", "%d %%: want 1 to 99, or 0 for all (TS 38.413 §9.2.6.14)", o.Reduction)
	}
}
