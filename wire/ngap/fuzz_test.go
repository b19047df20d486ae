package ngap

import (
	"bytes"
	"runtime"
	"testing"
)

// FuzzDecode gives arbitrary octets to the decoder. What it accepts and can encode must decode and encode to the
// same octets again.
func FuzzDecode(f *testing.F) {
	for _, b := range goldens(f) {
		f.Add(b)
	}
	for _, m := range samples(f, true) {
		b, err := Append(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, report, err := DecodeReport(b)
		if err != nil {
			return
		}
		first, err := Append(nil, m)
		if err != nil {
			return // a mandatory IE of criticality ignore was absent or not understood
		}
		again, _, err := DecodeReport(first)
		if err != nil {
			t.Fatalf("%s, report %+v: %v\n%x\n%x", m.Name(), report, err, b, first)
		}
		second, err := Append(nil, again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s: %v\n%x\n%x", m.Name(), err, first, second)
		}
	})
}

// FuzzTransfer does the same with the containers that are decoded by themselves, TS 38.413 §9.3.4.
func FuzzTransfer(f *testing.F) {
	for _, m := range samples(f, true) {
		if r, ok := m.(*PDUSessionResourceSetupRequest); ok {
			for _, item := range r.PDUSessionResourceSetupListSUReq {
				f.Add(item.PDUSessionResourceSetupRequestTransfer)
			}
		}
		if r, ok := m.(*UplinkRANConfigurationTransfer); ok && r.SONConfigurationTransferUL != nil {
			f.Add([]byte(r.SONConfigurationTransferUL))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := DecodePDUSessionResourceSetupRequestTransfer(b); err == nil {
			stable(t, x, DecodePDUSessionResourceSetupRequestTransfer)
		}
		if x, err := DecodePDUSessionResourceSetupResponseTransfer(b); err == nil {
			stable(t, x, DecodePDUSessionResourceSetupResponseTransfer)
		}
		if x, err := DecodePDUSessionResourceModifyRequestTransfer(b); err == nil {
			stable(t, x, DecodePDUSessionResourceModifyRequestTransfer)
		}
		if x, err := DecodePathSwitchRequestTransfer(b); err == nil {
			stable(t, x, DecodePathSwitchRequestTransfer)
		}
		if x, err := DecodeSONConfigurationTransfer(b); err == nil {
			stable(t, x, DecodeSONConfigurationTransfer)
		}
		if x, err := DecodeSourceNGRANNodeToTargetNGRANNodeTransparentContainer(b); err == nil {
			stable(t, x, DecodeSourceNGRANNodeToTargetNGRANNodeTransparentContainer)
		}
	})
}

// appender is a container that is encoded by itself.
type appender interface {
	Append([]byte) ([]byte, error)
}

func stable[T appender](t *testing.T, x T, decode func([]byte) (T, error)) {
	b, err := x.Append(nil)
	if err != nil {
		return // an unknown value, as in FuzzDecode
	}
	again, err := decode(b)
	if err != nil {
		t.Fatalf("%v\n%x", err, b)
	}
	if second, err := again.Append(nil); err != nil || !bytes.Equal(b, second) {
		t.Fatalf("%v\n%x\n%x", err, b, second)
	}
}

// TestAllocation decodes messages that claim more than they hold: memory must stay near the size of the input.
func TestAllocation(t *testing.T) {
	inputs := goldens(t)
	for _, m := range samples(t, true) {
		b, err := Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, b)
	}
	for _, b := range inputs {
		for i := range b { // raise each octet in turn: lengths and counts become large
			c := bytes.Clone(b)
			c[i] |= 0x7f
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = Decode(c)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > uint64(4096+64*len(c)) {
				t.Fatalf("%d octets allocated for a message of %d\n%x", got, len(c), c)
			}
		}
		if len(b) > 1000 {
			break
		}
	}
}
