package nastest

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// Fill sets every field of the message that m points to: from samples where its type has one, octet strings to the
// shortest length in their tag and a bit more where it allows, numbers to a value that fits half an octet.
func Fill(tb testing.TB, m any, samples map[reflect.Type]any) {
	tb.Helper()
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		tag := strings.Fields(v.Type().Field(i).Tag.Get("nas"))
		if err := fill(v.Field(i), tag, i, samples); err != nil {
			tb.Fatalf("%s.%s: %v", v.Type().Name(), v.Type().Field(i).Name, err)
		}
	}
}

func fill(v reflect.Value, tag []string, place int, samples map[reflect.Type]any) error {
	if s, ok := samples[v.Type()]; ok {
		v.Set(reflect.ValueOf(s))
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), tag, place, samples)
	case reflect.Uint8:
		v.SetUint(uint64(1 + place%15))
		return nil
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(i + place))
		}
		return nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return fillOctets(v, tag, place)
		}
	}
	return fmt.Errorf("no sample of %v", v.Type())
}

func fillOctets(v reflect.Value, tag []string, place int) error {
	overhead := strings.Count(tag[1], "T") + strings.Count(tag[1], "L") + strings.Count(tag[1], "E")
	lo, hi, ranged := strings.Cut(tag[2], "-")
	shortest, err := strconv.Atoi(lo)
	if err != nil {
		return err
	}
	n := shortest - overhead
	if longest, err := strconv.Atoi(hi); ranged && (err != nil || longest > shortest) {
		n++
	}
	octets := make([]byte, n)
	for i := range octets {
		octets[i] = byte(place + i)
	}
	v.SetBytes(octets)
	return nil
}
