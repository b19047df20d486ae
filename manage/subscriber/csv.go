package subscriber

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

const (
	// maxRows bounds one import, and with it the memory that it takes.
	maxRows = 2_000_000
	// maxLineErrors bounds the report: the rest is counted.
	maxLineErrors = 1000
	// listSeparator separates several slices or DNNs in one column.
	listSeparator = ";"
)

// columns are the names that the header row may have, in any order and case.
var columns = map[string]func(*Input, string){
	"imsi":                 func(in *Input, s string) { in.IMSI = s },
	"key":                  func(in *Input, s string) { in.Key = s },
	"opc":                  func(in *Input, s string) { in.OPc = s },
	"op":                   func(in *Input, s string) { in.OP = s },
	"algorithm":            func(in *Input, s string) { in.Algorithm = s },
	"method":               func(in *Input, s string) { in.Method = s },
	"amf":                  func(in *Input, s string) { in.AMF = s },
	"sqn":                  func(in *Input, s string) { in.SQN = s },
	"slice":                func(in *Input, s string) { in.Slices = splitList(s) },
	"dnn":                  func(in *Input, s string) { in.DNNs = splitList(s) },
	"ambr-up":              func(in *Input, s string) { in.AMBRUp = s },
	"ambr-down":            func(in *Input, s string) { in.AMBRDown = s },
	"static-ip":            func(in *Input, s string) { in.StaticIP = s },
	"session-types":        func(in *Input, s string) { in.SessionTypes = splitList(s) },
	"ssc-modes":            func(in *Input, s string) { in.SSCModes = splitList(s) },
	"static-ipv6":          func(in *Input, s string) { in.StaticIPv6 = s },
	"framed-routes":        func(in *Input, s string) { in.FramedRoutes = splitList(s) },
	"up-integrity":         func(in *Input, s string) { in.UPIntegrity = s },
	"up-confidentiality":   func(in *Input, s string) { in.UPConfidentiality = s },
	"5qi":                  func(in *Input, s string) { in.FiveQI = s },
	"arp":                  func(in *Input, s string) { in.ARP = s },
	"gpsi":                 func(in *Input, s string) { in.GPSI = s },
	"authenticated-slices": func(in *Input, s string) { in.AuthenticatedSlices = splitList(s) },

	"barred":             func(in *Input, s string) { in.Barred = s },
	"mico":               func(in *Input, s string) { in.MICO = s },
	"registration-timer": func(in *Input, s string) { in.RegistrationTimer = s },
	"allowed-areas":      func(in *Input, s string) { in.AllowedAreas = splitList(s) },
	"not-allowed-areas":  func(in *Input, s string) { in.NotAllowedAreas = splitList(s) },
	"forbidden-areas":    func(in *Input, s string) { in.ForbiddenAreas = splitList(s) },
	"forbidden-rats":     func(in *Input, s string) { in.ForbiddenRATs = splitList(s) },
}

// LineError is what is wrong with one line of a file.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// ImportError is every bad line of a file, in order: nothing of the file was stored.
type ImportError struct {
	Lines []*LineError
	More  int // bad lines beyond those
}

func (e *ImportError) Error() string {
	var b strings.Builder
	for _, l := range e.Lines {
		fmt.Fprintln(&b, l)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "and %d more bad lines\n", e.More)
	}
	fmt.Fprintf(&b, "nothing was imported: %d bad lines", len(e.Lines)+e.More)
	return b.String()
}

func (e *ImportError) add(line int, err error) {
	if len(e.Lines) >= maxLineErrors {
		e.More++
		return
	}
	e.Lines = append(e.Lines, &LineError{line, err})
}

// ImportCSV stores the subscribers of a CSV file (RFC 4180 §2) whose first row names the columns, all or none, and
// returns how many. Several slices or DNNs in one column are separated by ";". The error is an *ImportError, that
// of reading r or that of the store.
func ImportCSV(ctx context.Context, st store.Subscribers, r io.Reader) (int, error) {
	f := &csvFile{reader: csv.NewReader(r), lines: make(map[ident.SUPI]int), static: make(map[staticKey]int)}
	f.reader.ReuseRecord = true
	f.reader.TrimLeadingSpace = true
	f.reader.Comment = '#'
	if err := f.header(); err != nil {
		return 0, err
	}
	for len(f.subs) <= maxRows {
		err := f.row()
		if errors.Is(err, io.EOF) {
			return f.store(ctx, st)
		}
		if err != nil {
			return 0, err
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("more than %d rows: split the file", maxRows)
}

// csvFile is a file being read.
type csvFile struct {
	reader *csv.Reader
	setter []func(*Input, string)
	subs   []store.Subscriber
	lines  map[ident.SUPI]int // where each is
	static map[staticKey]int
	bad    ImportError
}

type staticKey struct {
	slice ident.SNSSAI
	dnn   ident.DNN
	addr  netip.Addr
}

func (f *csvFile) header() error {
	names, err := f.reader.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("line 1: the file is empty: want a header row such as imsi,key,opc")
	}
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, name := range names {
		name = strings.ToLower(strings.Trim(name, "\ufeff \t"))
		set, ok := columns[name]
		if !ok {
			return fmt.Errorf("line 1: unknown column %.64q; known: %s", name, strings.Join(columnNames(), ", "))
		}
		if seen[name] {
			return fmt.Errorf("line 1: column %q is there twice", name)
		}
		seen[name] = true
		f.setter = append(f.setter, set)
	}
	if !seen["imsi"] || !seen["key"] || !seen["opc"] && !seen["op"] {
		return errors.New("line 1: want at least the columns imsi, key, and opc or op")
	}
	return nil
}

// row reads one subscriber. What is wrong with it is noted; the error is one that ends the reading.
func (f *csvFile) row() error {
	fields, err := f.reader.Read()
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		f.bad.add(parse.StartLine, parse.Err)
		if errors.Is(err, csv.ErrFieldCount) {
			return nil
		}
		return &f.bad // after a broken quote no line can be told from another
	}
	if err != nil {
		return err
	}
	line, _ := f.reader.FieldPos(0)
	var in Input
	for i, set := range f.setter {
		set(&in, strings.TrimSpace(fields[i]))
	}
	sub, err := in.Parse()
	if err == nil {
		err = f.unique(&sub, line)
	}
	if err != nil {
		f.bad.add(line, err)
		return nil
	}
	f.subs = append(f.subs, sub)
	return nil
}

// unique tells whether an earlier line has the same IMSI or static address.
func (f *csvFile) unique(sub *store.Subscriber, line int) error {
	if earlier, ok := f.lines[sub.SUPI]; ok {
		return fmt.Errorf("IMSI %s is on line %d already", sub.SUPI.IMSI(), earlier)
	}
	f.lines[sub.SUPI] = line
	for _, slice := range sub.Slices {
		for _, d := range slice.DNNs {
			if !d.StaticIPv4.IsValid() {
				continue
			}
			key := staticKey{slice.SNSSAI, d.Name, d.StaticIPv4}
			if earlier, ok := f.static[key]; ok {
				return fmt.Errorf("static IP %s is on line %d already", d.StaticIPv4, earlier)
			}
			f.static[key] = line
		}
	}
	return nil
}

func (f *csvFile) store(ctx context.Context, st store.Subscribers) (int, error) {
	if len(f.bad.Lines) > 0 {
		return 0, &f.bad
	}
	err := st.AddSubscribers(ctx, f.subs)
	exists, ok := errors.AsType[*store.ExistsError](err)
	if !ok {
		return len(f.subs), err
	}
	slices.SortFunc(exists.SUPIs, func(a, b ident.SUPI) int { return f.lines[a] - f.lines[b] })
	for _, supi := range exists.SUPIs {
		f.bad.add(f.lines[supi], fmt.Errorf("subscriber %s exists already", supi.IMSI()))
	}
	return 0, &f.bad
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, listSeparator)
}

func columnNames() []string {
	names := make([]string, 0, len(columns))
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
