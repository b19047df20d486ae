package load

import (
	"math/bits"
	"time"
)

// The histogram counts microseconds in buckets that are linear up to 2*half and then, for each further power of two,
// half as many: no value is told more than 1/half too high.
const (
	half    = 128
	octaves = 25
	buckets = (octaves + 2) * half
	// longest is told as it is; what is longer counts in the last bucket.
	longest = 2*half<<octaves - 1 // microseconds: more than two hours
)

// Histogram holds the distribution of durations in constant memory, as an HDR histogram does. The zero value is empty.
type Histogram struct {
	counts [buckets]uint64
	n      uint64
	sum    time.Duration
	max    time.Duration
}

// Record counts a duration; a negative one counts as none.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(d)]++
	h.n++
	h.sum += d
	h.max = max(h.max, d)
}

func bucket(d time.Duration) int {
	v := min(uint64(d/time.Microsecond), longest)
	shift := max(bits.Len64(v)-bits.Len64(2*half-1), 0)
	return shift*half + int(v>>shift)
}

// highest is the highest duration that counts in a bucket.
func highest(bucket int) time.Duration {
	shift := max(bucket/half-1, 0)
	v := uint64(bucket-shift*half+1) << shift
	return time.Duration(v)*time.Microsecond - 1
}

// Count is how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the longest duration recorded, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean is the mean of the durations, 0 if there are none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return h.sum / time.Duration(h.n)
}

// Quantile is the duration that the share q (0 to 1) of all recorded ones does not exceed, told at most 1/128 or 1 µs
// too high; 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	want := max(uint64(q*float64(h.n)+0.999999), 1)
	var seen uint64
	for i, c := range h.counts {
		if seen += c; seen >= want {
			return min(highest(i), h.max)
		}
	}
	return h.max
}

// Add counts everything that o counts.
func (h *Histogram) Add(o *Histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.sum += o.sum
	h.max = max(h.max, o.max)
}
