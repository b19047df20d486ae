package sockets

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/flows"
)

// frame is what tshark finds in a packet of a capture; what a packet has several times is in the order of the packet.
type frame struct {
	number    string
	protocols string
	port      string   // of SCTP, from which it comes
	types     []string // security header types: of a protected message its own and then that of the message inside, if that is shown
	codes     []string // message authentication codes and sequence numbers of the protected ones
	elements  []string // of 5GMM messages
	bad       bool
}

const (
	plain        = "0"
	nasContainer = "0x71" // NAS message container, TS 24.501 §9.11.3.33
	ofCore       = "38412"
)

// shark has tshark read the packets of a capture that have NAS in them or a fault, with the null algorithm deciphered or not.
func shark(file, filter string, nullDecipher bool) ([]frame, error) {
	args := []string{"-r", file, "-n", "-o", fmt.Sprintf("nas-5gs.null_decipher:%v", nullDecipher),
		"-Y", "(nas-5gs || _ws.malformed || _ws.expert.severity == error) && " + filter, "-T", "fields"}
	for _, f := range []string{"frame.number", "frame.protocols", "sctp.srcport", "nas_5gs.security_header_type", "nas_5gs.msg_auth_code",
		"nas_5gs.seq_no", "nas_5gs.mm.elem_id", "_ws.malformed", "_ws.expert.severity"} {
		args = append(args, "-e", f)
	}
	cmd := exec.Command("tshark", args...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, errOut.String())
	}
	var frames []frame
	for line := range strings.Lines(string(out)) {
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != 9 {
			return nil, fmt.Errorf("a line of tshark is not understood: %q", line)
		}
		f := frame{number: c[0], protocols: c[1], port: c[2], types: values(c[3]), codes: values(c[4]), elements: values(c[6])}
		sequence := values(c[5])
		if len(sequence) != len(f.codes) {
			return nil, fmt.Errorf("%d sequence numbers and %d codes: %q", len(sequence), len(f.codes), line)
		}
		for i := range f.codes {
			f.codes[i] += "/" + sequence[i]
		}
		const severityError = "8388608"
		f.bad = c[7] != "" || slices.Contains(values(c[8]), severityError)
		frames = append(frames, f)
	}
	return frames, nil
}

func values(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// hidden are the codes of the protected messages that a packet does not show in clear, or not with all that they contain.
func (f *frame) hidden() []string {
	var found []string
	shown, protected := 0, 0
	for i, t := range f.types {
		if t == plain {
			shown++
			continue
		}
		if i+1 == len(f.types) || f.types[i+1] != plain {
			found = append(found, f.code(protected))
		}
		protected++
	}
	containers := 0
	for _, e := range f.elements {
		if e == nasContainer {
			containers++
		}
	}
	if len(found) == 0 && shown < protected+containers { // a message in a message
		return f.codes
	}
	return found
}

// code is that of the nth protected message.
func (f *frame) code(n int) string {
	if n < len(f.codes) {
		return f.codes[n]
	}
	return "none"
}

// read has tshark read the capture of a play, counts what it finds there and looks for NAS messages that are not there in clear.
func (r *childResult) read(f *flows.Flow, dir string) {
	if r.Error != "" {
		return
	}
	file := filepath.Join(dir, f.Name+".pcapng")
	packets, err := shark(file, "!exported_pdu", !f.ChoosesCiphering()) // what is ciphered is no NAS message to tshark
	var inClear []frame
	if err == nil && f.ChoosesCiphering() {
		inClear, err = shark(file, "exported_pdu", true)
	}
	if r.unread = err; err != nil {
		return
	}
	lenient := spoiled(f) // what the core says is right all the same
	seen := make(map[string]bool)
	for _, p := range inClear {
		if p.bad && !lenient {
			r.bad++
		}
		if len(p.hidden()) == 0 {
			for _, code := range p.codes {
				seen[code] = true
			}
		}
	}
	for _, p := range packets {
		if strings.Contains(p.protocols, "ngap") && strings.Contains(p.protocols, "nas-5gs") {
			r.nas++
		}
		if lenient && p.port != ofCore {
			continue
		}
		if p.bad {
			r.bad++
		}
		for _, code := range p.hidden() {
			if !seen[code] {
				r.hidden = append(r.hidden, fmt.Sprintf("packet %s: %s", p.number, code))
			}
		}
	}
}
