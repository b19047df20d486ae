package flows

import (
	"bytes"
	"log/slog"
	"regexp"
	"testing"
	"testing/synctest"
)

// TestSliceRefusalsAreExplained: of each slice that the subscription, the area or the radio lacks the log says who asked for
// what, what there is, and what to change.
func TestSliceRefusalsAreExplained(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"registration_rejected_slice": `cannot be used here: 7 is not subscribed".* asked="slices \[7\]" allowed="subscribed \[1\], .* change=`,
		"slices_extended_rejection":   `cannot be used here: 3 is not subscribed, 2-010203 is not supported by the gNB in 00101-000001".* change=`,
		"slices_per_area":             `cannot be used here: 2-010203 is not offered in 00101-000002".* change=`,
		"registration_wrong_slice":    `cause="5GMM cause #62 .* reason="no requested slice can be used here: 7 is not offered in 00101".* change=`,
		"session_wrong_slice":         `cause="5GMM cause #90 .* reason="2-010203 is not subscribed" asked="DNN \\"internet\\" on slice 2-010203" allowed="slices \[1\].* change=`,
		"session_slice_radio":         `cause="5GMM cause #90 .* reason="2-010203 is not supported by the gNB in 00101-000001" asked=`,
		"session_slice_area":          `cause="5GMM cause #90 .* reason="2-010203 is not offered in 00101-000002, or full" asked=`,
		"session_slice_not_requested": `cause="5GMM cause #90 .* reason="2-010203 is not requested at the registration" asked=`,
		"service_request_slice":       `user plane not activated" .*session=1 slice=2-010203 cause="5GMM cause #92 .* reason="2-010203 is not supported by the gNB in 00101-000001, which has \[1\]"`,
		"n2_handover_slice":           `session is not handed over" .*session=1 slice=2-010203 cause="radioNetwork: slice-not-supported" reason="2-010203 is not supported by the gNB in 00101-000001, which has \[1\]" target=`,
		"xn_handover_slice":           `session is not taken over" .*session=2 slice=2-010203 cause="radioNetwork: slice-not-supported" reason="2-010203 is not supported by the gNB in 00101-000001, which has \[1\]"`,
		"ng_setup_wrong_slice":        `NG Setup refused".* asked="00101-000001 slices \[9\]" allowed="00101-000001 slices \[1 2-010203\]" change=`,
	} {
		t.Run(name, func(t *testing.T) {
			log := logOf(t, all, name)
			if !regexp.MustCompile(`(?m)` + want).MatchString(log) {
				t.Errorf("no line that matches %s\n%s", want, log)
			}
		})
	}
}

// logOf plays a flow in virtual time and returns what the core logs.
func logOf(t *testing.T, all []Flow, name string) string {
	dir := folder(t)
	var log bytes.Buffer
	for i := range all {
		if all[i].Name != name {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			s, err := newStage(&all[i], dir, slog.New(slog.NewTextHandler(&log, nil)), synctest.Wait)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := s.play(all[i].Script); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			if err := s.close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	return log.String()
}
