package subscriber_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/manage/subscriber"
)

func TestImport(t *testing.T) {
	st := opened(t)
	file := "\ufeffIMSI, Key,opc,slice,dnn,static-ip,ambr-up\r\n" +
		"# two cards\r\n" +
		imsi + "," + key + "," + opc + ",1;2-010203,internet;ims,10.45.0.9,10Mbps\r\n" +
		"\r\n" +
		`"001010000000002", ` + key + "," + opc + ",,,,\r\n"
	n, err := subscriber.ImportCSV(t.Context(), st, strings.NewReader(file))
	if err != nil || n != 2 {
		t.Fatalf("%d imported, error %v", n, err)
	}
	first, second := read(t, st, supi), read(t, st, "imsi-001010000000002")
	if len(first.Slices) != 2 || len(first.Slices[0].DNNs) != 2 || first.UEAMBR.Uplink != 1e7 ||
		first.Slices[0].DNNs[0].StaticIPv4 != netip.MustParseAddr("10.45.0.9") {
		t.Errorf("first %+v", first)
	}
	if len(second.Slices) != 1 || second.Slices[0].DNNs[0].Name != "internet" || second.UEAMBR.Uplink != 1e9 {
		t.Errorf("second %+v", second)
	}
}

// TestImportReportsEveryBadLine: by its number, and nothing is stored.
func TestImportReportsEveryBadLine(t *testing.T) {
	st := opened(t)
	good := func(i int) string { return fmt.Sprintf("00101000000000%d,%s,%s,", i, key, opc) }
	lines := []string{
		"imsi,key,opc,static-ip",
		good(1), // 2
		"00101000000000x," + key + "," + opc + ",", // 3
		good(3) + "10.45.0.1",                      // 4
		good(4) + "," + "more",                     // 5
		good(5) + "10.45.0.1",                      // 6: taken by line 4
		good(1),                                    // 7: the same as line 2
		"001010000000007," + key[2:] + ",,",        // 8: two faults
		good(8),                                    // 9
	}
	_, err := subscriber.ImportCSV(t.Context(), st, strings.NewReader(strings.Join(lines, "\n")))
	bad, ok := errors.AsType[*subscriber.ImportError](err)
	if !ok {
		t.Fatalf("error %v", err)
	}
	wants := []struct {
		line int
		says string
	}{
		{3, "not a digit"}, {5, "wrong number of fields"}, {6, "10.45.0.1 is on line 4"}, {7, "is on line 2 already"}, {8, "; no OPc"},
	}
	if len(bad.Lines) != len(wants) {
		t.Fatalf("%d bad lines, want %d:\n%v", len(bad.Lines), len(wants), err)
	}
	for i, want := range wants {
		if l := bad.Lines[i]; l.Line != want.line || !strings.Contains(l.Error(), want.says) {
			t.Errorf("%v, want line %d with %q", l, want.line, want.says)
		}
	}
	if text := err.Error(); !strings.Contains(text, "nothing was imported: 5 bad lines") || strings.Contains(text, key[2:]) {
		t.Errorf("report %q", text)
	}
	if subs, err := st.ListSubscribers(t.Context(), "", 10); err != nil || len(subs) != 0 {
		t.Errorf("%d subscribers stored, error %v", len(subs), err)
	}
}

func TestImportOfExistingOnes(t *testing.T) {
	st := opened(t)
	header := "imsi,key,opc\n"
	row := func(i int) string { return fmt.Sprintf("00101000000000%d,%s,%s\n", i, key, opc) }
	if _, err := subscriber.ImportCSV(t.Context(), st, strings.NewReader(header+row(2)+row(3))); err != nil {
		t.Fatal(err)
	}
	_, err := subscriber.ImportCSV(t.Context(), st, strings.NewReader(header+row(3)+row(1)+row(2)))
	bad, ok := errors.AsType[*subscriber.ImportError](err)
	if !ok || len(bad.Lines) != 2 || bad.Lines[0].Line != 2 || bad.Lines[1].Line != 4 {
		t.Fatalf("error %v", err)
	}
	if _, err := st.Subscriber(t.Context(), supi); err == nil {
		t.Error("a part of the file was stored")
	}
}

func TestImportRefusesTheFile(t *testing.T) {
	for want, file := range map[string]string{
		"the file is empty":               "",
		`unknown column "colour"`:         "imsi,key,opc,colour\n",
		`column "imsi" is there twice`:    "imsi,key,opc,IMSI\n",
		"want at least the columns":       "imsi,opc\n",
		`line 2: extraneous or missing "`: "imsi,key,opc\n\"0010,x,y\n",
	} {
		if _, err := subscriber.ImportCSV(t.Context(), opened(t), strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// FuzzImport: no file crashes the import, and a bad one stores nothing.
func FuzzImport(f *testing.F) {
	f.Add("imsi,key,opc\n" + imsi + "," + key + "," + opc + "\n")
	f.Add("imsi,key,op,slice,dnn,static-ip\n1,2,3,4;5,6;7,8\n")
	f.Add("\"\n\"\"")
	st := opened(f)
	f.Fuzz(func(t *testing.T, file string) {
		n, err := subscriber.ImportCSV(t.Context(), st, strings.NewReader(file))
		subs, listErr := st.ListSubscribers(t.Context(), "", n+1)
		if listErr != nil || len(subs) != n {
			t.Fatalf("%d imported (error %v), %d stored (error %v)", n, err, len(subs), listErr)
		}
		for _, s := range subs {
			if err := st.RemoveSubscriber(t.Context(), s.SUPI); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// BenchmarkImport is one import of 100,000 subscribers.
func BenchmarkImport(b *testing.B) {
	const rows = 100_000
	for b.Loop() {
		b.StopTimer()
		st := opened(b)
		var file strings.Builder
		file.WriteString("imsi,key,opc\n")
		for i := range rows {
			fmt.Fprintf(&file, "00101%010d,%s,%s\n", i, key, opc)
		}
		b.StartTimer()
		if n, err := subscriber.ImportCSV(b.Context(), st, strings.NewReader(file.String())); err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "subscribers/s")
}
