package arrows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/limpid-5g/limpid/ladder"
)

func event(after time.Duration, detail string) ladder.Event {
	return ladder.Event{Time: time.Unix(1000, 0).Add(after), From: "SMF", To: "UPF", Interface: ladder.N4,
		Message: "PFCP Session Establishment Request", Detail: detail}
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	w := Text(&out)
	w.Show(event(0, "SEID=0x0"))
	w.Show(event(1234567*time.Microsecond, ""))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"     0.000  SMF      → UPF      N4   PFCP Session Establishment Request               SEID=0x0\n" +
		"  1234.567  SMF      → UPF      N4   PFCP Session Establishment Request\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestWidth: a line fits the screen, whatever its details, and stands under its header.
func TestWidth(t *testing.T) {
	long := Line(event(0, strings.Repeat("ü", 300)), time.Unix(1000, 0))
	if n := utf8.RuneCountInString(long); n != width || !strings.HasSuffix(long, "ü…") {
		t.Errorf("%d columns: %s", n, long)
	}
	runes, header := []rune(long), Header()
	for _, c := range []struct{ title, value string }{{"from", "SMF"}, {"to", "UPF"}, {"message", "PFCP"}, {"key", "ü"}} {
		at := strings.Index(header, c.title)
		if !strings.HasPrefix(string(runes[at:]), c.value) {
			t.Errorf("%q is not under %q:\n%s\n%s", c.value, c.title, header, long)
		}
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	w := JSON(&out)
	w.Show(event(0, "SEID=0x0"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var got ladder.Event
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := event(0, "SEID=0x0"); !got.Time.Equal(want.Time) || got.Message != want.Message || got.Interface != want.Interface {
		t.Errorf("%+v", got)
	}
	if !bytes.HasSuffix(out.Bytes(), []byte("}\n")) {
		t.Errorf("not a line: %q", out.String())
	}
}

// stuck is a reader that does not read until it is let.
type stuck struct {
	let chan struct{}
	bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.let
	return s.Buffer.Write(b)
}

// TestSlowReader: whoever sends messages is never held up, and the reader is told what is missing.
func TestSlowReader(t *testing.T) {
	out := &stuck{let: make(chan struct{})}
	w := Text(out)
	const sent = 3 * queue
	for range sent {
		w.Show(event(0, ""))
	}
	close(out.let)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	shown := strings.Count(out.String(), "PFCP Session Establishment Request")
	omitted, notes := 0, strings.Split(out.String(), "(")[1:] // the reader catches up more than once
	for _, note := range notes {
		var n int
		if _, err := fmt.Sscanf(note, "%d messages are not shown", &n); err != nil {
			t.Fatalf("%q: %v", note, err)
		}
		omitted += n
	}
	if omitted == 0 {
		t.Fatal("nothing is said of what is missing")
	}
	if shown+omitted != sent {
		t.Errorf("%d shown, %d omitted of %d", shown, omitted, sent)
	}
}

func TestWriteError(t *testing.T) {
	w := JSON(failing{})
	w.Show(event(0, ""))
	if err := w.Close(); err == nil || err.Error() != "no screen" {
		t.Errorf("error %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no screen") }
