package ngap

import (
	"bytes"
	"encoding/hex"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/wire/aper"
)

var update = flag.Bool("update", false, "write testdata/samples.txt anew")

// sampler fills messages with values that keep the constraints of their declarations.
type sampler struct {
	*rand.Rand
	directives map[string]string // type name -> its aper directive
	percent    int               // chance that an optional field is there
	opaque     bool              // fill open types and containers of other protocols with arbitrary octets
}

// directives reads the aper directives of the package's declarations.
func directives(tb testing.TB) map[string]string {
	tb.Helper()
	out := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			tb.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE || g.Doc == nil {
				continue
			}
			for _, c := range g.Doc.List {
				if text, ok := strings.CutPrefix(c.Text, "//aper:"); ok && text != "names" {
					out[g.Specs[0].(*ast.TypeSpec).Name.Name] = text
				}
			}
		}
	}
	return out
}

// blankMessages returns an empty message of every type.
func blankMessages() []Message {
	var out []Message
	for t := InitiatingMessage; t <= UnsuccessfulOutcome; t++ {
		for p := range 256 {
			if m := new(decoder).message(t, ProcedureCode(p)); m != nil {
				out = append(out, m)
			}
		}
	}
	return out
}

func (s *sampler) between(lb, ub uint64) uint64 {
	switch s.IntN(3) {
	case 0:
		return lb
	case 1:
		return ub
	}
	if ub-lb+1 == 0 {
		return s.Uint64()
	}
	return lb + s.Uint64N(ub-lb+1)
}

// parseBounds reads the numbers of a directive.
func parseBounds(c string) (kind string, lb, ub uint64) {
	words := strings.Fields(c)
	kind = words[0]
	for _, w := range words[1:] {
		lo, hi, isRange := strings.Cut(w, "..")
		if a, b, ok := strings.Cut(w, "+"); ok { // enum: root and extension values
			n, _ := strconv.ParseUint(a, 10, 64)
			m, _ := strconv.ParseUint(b, 10, 64)
			return kind, n + m, n + m
		}
		n, err := strconv.ParseUint(lo, 10, 64)
		if err != nil {
			continue
		}
		lb, ub = n, n
		if isRange {
			ub, _ = strconv.ParseUint(hi, 10, 64)
		}
	}
	return kind, lb, ub
}

func (s *sampler) octets(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return b
}

// fill gives v a value. name is the name of the field that holds it.
func (s *sampler) fill(v reflect.Value, constraint, name string) {
	if constraint == "" {
		constraint = s.directives[v.Type().Name()]
	}
	kind, lb, ub := parseBounds(constraint)
	switch kind {
	case "int":
		v.SetUint(s.between(lb, ub))
	case "enum":
		v.SetUint(s.Uint64N(lb))
	case "custom":
		if v.Type() != reflect.TypeFor[Cause]() { // periods, in and outside the root
			v.SetUint(s.between(1, 255))
			return
		}
		group := s.IntN(len(causeValues))
		n := causeValues[group]
		v.SetUint(uint64(group<<8 | s.IntN(n.root+n.ext)))
	case "null", "bool":
		v.SetBool(true)
	case "open":
		if transferTypes[name] != nil {
			v.SetBytes(s.container(name))
			return
		}
		v.SetBytes(s.octets(1 + s.IntN(5)))
	case "printable", "visible", "utf8":
		v.SetString(strings.Repeat("n", int(min(s.between(lb, ub), 20))))
	case "list":
		n := int(min(max(1, s.between(lb, ub)), 3))
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			s.fill(v.Index(i), "", name)
		}
	case "bits", "octets":
		s.fillString(v, kind, lb, ub, name)
	case "choice":
		s.fillChoice(v)
	default:
		s.fillStruct(v)
	}
}

func (s *sampler) fillString(v reflect.Value, kind string, lb, ub uint64, name string) {
	switch {
	case v.Type() == reflect.TypeFor[PLMNIdentity]():
		v.Set(reflect.ValueOf([]PLMNIdentity{{0x99, 0xf9, 0x07}, {0x13, 0x00, 0x14}}[s.IntN(2)]))
	case v.Type() == reflect.TypeFor[NGRANTraceID](): // begins with a PLMN, TS 38.413 §9.3.1.14
		v.Set(reflect.ValueOf(NGRANTraceID{0x99, 0xf9, 0x07, 1, 2, 3, 4, 5}))
	case v.Kind() == reflect.Array:
		reflect.Copy(v, reflect.ValueOf(s.octets(v.Len())))
	case v.Kind() != reflect.Slice && v.Kind() != reflect.Struct:
		if kind == "octets" {
			lb *= 8
		}
		v.SetUint(s.Uint64() >> (64 - lb))
	case kind == "bits":
		n := int(s.between(lb, min(ub, 400)))
		if v.Type() == reflect.TypeFor[TransportLayerAddress]() {
			n = []int{32, 128, 160}[s.IntN(3)]
		}
		b := s.octets((n + 7) / 8)
		if n%8 != 0 {
			b[len(b)-1] &= 0xff << (8 - n%8)
		}
		v.Set(reflect.ValueOf(aper.BitString{Bytes: b, Len: n}).Convert(v.Type()))
	case ub == 0 && v.Type() == reflect.TypeFor[NASPDU]():
		v.SetBytes(s.container("NASPDU"))
	case ub == 0:
		v.SetBytes(s.container(name))
	default:
		v.SetBytes(s.octets(int(s.between(lb, min(ub, lb+40)))))
	}
}

// transferTypes are the types that are encoded by themselves, TS 38.413 §9.3.4.
var transferTypes = map[string]reflect.Type{
	"PDUSessionResourceSetupRequestTransfer":                 reflect.TypeFor[PDUSessionResourceSetupRequestTransfer](),
	"PDUSessionResourceSetupResponseTransfer":                reflect.TypeFor[PDUSessionResourceSetupResponseTransfer](),
	"PDUSessionResourceModifyRequestTransfer":                reflect.TypeFor[PDUSessionResourceModifyRequestTransfer](),
	"PDUSessionResourceModifyResponseTransfer":               reflect.TypeFor[PDUSessionResourceModifyResponseTransfer](),
	"PDUSessionResourceNotifyTransfer":                       reflect.TypeFor[PDUSessionResourceNotifyTransfer](),
	"PDUSessionResourceModifyIndicationTransfer":             reflect.TypeFor[PDUSessionResourceModifyIndicationTransfer](),
	"PDUSessionResourceModifyConfirmTransfer":                reflect.TypeFor[PDUSessionResourceModifyConfirmTransfer](),
	"PathSwitchRequestTransfer":                              reflect.TypeFor[PathSwitchRequestTransfer](),
	"PathSwitchRequestAcknowledgeTransfer":                   reflect.TypeFor[PathSwitchRequestAcknowledgeTransfer](),
	"RANStatusTransferTransparentContainer":                  reflect.TypeFor[RANStatusTransferTransparentContainer](),
	"EarlyStatusTransferTransparentContainer":                reflect.TypeFor[EarlyStatusTransferTransparentContainer](),
	"HandoverCommandTransfer":                                reflect.TypeFor[HandoverCommandTransfer](),
	"HandoverRequestAcknowledgeTransfer":                     reflect.TypeFor[HandoverRequestAcknowledgeTransfer](),
	"PDUSessionResourceReleaseCommandTransfer":               reflect.TypeFor[PDUSessionResourceReleaseCommandTransfer](),
	"PDUSessionResourceNotifyReleasedTransfer":               reflect.TypeFor[PDUSessionResourceNotifyReleasedTransfer](),
	"HandoverRequiredTransfer":                               reflect.TypeFor[HandoverRequiredTransfer](),
	"PathSwitchRequestSetupFailedTransfer":                   reflect.TypeFor[PathSwitchRequestSetupFailedTransfer](),
	"PDUSessionResourceSetupUnsuccessfulTransfer":            reflect.TypeFor[PDUSessionResourceSetupUnsuccessfulTransfer](),
	"PDUSessionResourceModifyUnsuccessfulTransfer":           reflect.TypeFor[PDUSessionResourceModifyUnsuccessfulTransfer](),
	"HandoverPreparationUnsuccessfulTransfer":                reflect.TypeFor[HandoverPreparationUnsuccessfulTransfer](),
	"HandoverResourceAllocationUnsuccessfulTransfer":         reflect.TypeFor[HandoverResourceAllocationUnsuccessfulTransfer](),
	"PathSwitchRequestUnsuccessfulTransfer":                  reflect.TypeFor[PathSwitchRequestUnsuccessfulTransfer](),
	"PDUSessionResourceReleaseResponseTransfer":              reflect.TypeFor[PDUSessionResourceReleaseResponseTransfer](),
	"PDUSessionResourceModifyIndicationUnsuccessfulTransfer": reflect.TypeFor[PDUSessionResourceModifyIndicationUnsuccessfulTransfer](),
	"SecondaryRATDataUsageReportTransfer":                    reflect.TypeFor[SecondaryRATDataUsageReportTransfer](),
	"UEContextResumeRequestTransfer":                         reflect.TypeFor[UEContextResumeRequestTransfer](),
	"UEContextResumeResponseTransfer":                        reflect.TypeFor[UEContextResumeResponseTransfer](),
	"UEContextSuspendRequestTransfer":                        reflect.TypeFor[UEContextSuspendRequestTransfer](),
	"SONConfigurationTransferUL":                             reflect.TypeFor[SONConfigurationTransfer](),
	"SONConfigurationTransferDL":                             reflect.TypeFor[SONConfigurationTransfer](),
}

// contents are encodings of other protocols for the OCTET STRINGs that hold them.
var contents = map[string]string{
	// A plain REGISTRATION REQUEST, TS 24.501 §8.2.6.
	"NASPDU": "7e004179000d0199f9070000000000000000102e04f0f0f0f0",
	// A UERadioAccessCapabilityInformation without capabilities, TS 38.331 §11.2.2.
	"UERadioCapability": "000800",
	// The same, TS 36.331 §10.2.2.
	"UERadioCapabilityEUTRAFormat": "000800",
	// An ERROR INDICATION without IEs, TS 38.455 §9.1.1.
	"NRPPaPDU": "000040000103000000",
	// Text, TS 23.003 §28.15.6.
	"GlobalCableID": "6361626c65",
	// An INITIAL UE MESSAGE, TS 38.413 §9.2.5.1.
	"NGAPMessage": "000f40480000050055000200010026001a197e004179000d0199f907000000000000" +
		"0000102e04f0f0f0f0007900135099f907000000010099f907000001eead502a005a4001180070400100",
}

// container returns the content of an OCTET STRING that holds another encoding.
func (s *sampler) container(name string) []byte {
	if content, ok := contents[name]; ok {
		b, err := hex.DecodeString(content)
		if err != nil {
			panic(err)
		}
		return b
	}
	if name == "HandoverRequestTransfer" { // TS 38.413 §9.2.3.4
		name = "PDUSessionResourceSetupRequestTransfer"
	}
	if t, ok := transferTypes[name]; ok {
		v := reflect.New(t)
		s.fill(v.Elem(), "", name)
		out := v.MethodByName("Append").Call([]reflect.Value{reflect.ValueOf([]byte(nil))})
		return out[0].Bytes()
	}
	return s.octets(1 + s.IntN(20))
}

func (s *sampler) fillChoice(v reflect.Value) {
	for {
		i := s.IntN(v.NumField())
		sf := v.Type().Field(i)
		constraint := sf.Tag.Get("aper")
		if constraint != "open" || s.opaque {
			s.field(v.Field(i), constraint, sf.Name)
			return
		}
	}
}

func (s *sampler) field(f reflect.Value, constraint, name string) {
	if f.Kind() == reflect.Pointer {
		f.Set(reflect.New(f.Type().Elem()))
		f = f.Elem()
	}
	s.fill(f, constraint, name)
}

// foreign names the types that tshark would not read as they are: those that hold encodings of other protocols,
// and UTF8String, to which tshark 4.0 applies the size constraint although X.691 §30.6 says that it is not visible.
var foreign = map[string]bool{"UERadioCapabilityForPaging": true, "BurstArrivalTime": true, "AMFNameUTF8String": true,
	"ENDCSONConfigurationTransfer": true, "WarningMessageContents": true,
	"RANNodeNameUTF8String": true}

func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

func (s *sampler) fillStruct(v reflect.Value) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		constraint, optional := "", sf.Tag.Get("ext") != "" || sf.Tag.Get("ie") != "" && !strings.HasSuffix(sf.Tag.Get("ie"), "mandatory")
		for part := range strings.SplitSeq(sf.Tag.Get("aper"), ",") {
			if part == "optional" {
				optional = true
			} else if part != "" {
				constraint = part
			}
		}
		if optional && (s.IntN(100) >= s.percent || !s.opaque && (constraint == "open" && transferTypes[sf.Name] == nil || foreign[typeName(sf.Type)])) {
			continue
		}
		s.field(v.Field(i), constraint, sf.Name)
	}
}

// keepConditions makes a message keep the conditions of its conditional IEs, TS 38.413 §9.2.2.1 and §9.2.3.2.
func keepConditions(m Message) {
	switch m := m.(type) {
	case *InitialContextSetupRequest:
		m.UEAggregateMaximumBitRate = nil
		if m.PDUSessionResourceSetupListCxtReq != nil {
			m.UEAggregateMaximumBitRate = &UEAggregateMaximumBitRate{UEAggregateMaximumBitRateDL: 1e9}
		}
	case *HandoverCommand:
		m.NASSecurityParametersFromNGRAN = nil
		if m.HandoverType == HandoverTypeFiveGSToEPS || m.HandoverType == HandoverTypeFiveGSToUTRAN {
			m.NASSecurityParametersFromNGRAN = []byte{1, 2}
		}
	}
}

// samples makes messages of every type: with the mandatory IEs alone, with all IEs, and with some.
func samples(tb testing.TB, opaque bool) []Message {
	tb.Helper()
	s := &sampler{Rand: rand.New(rand.NewPCG(38, 413)), directives: directives(tb), opaque: opaque}
	var out []Message
	for _, percent := range []int{0, 100, 50, 20} {
		s.percent = percent
		for _, m := range blankMessages() {
			s.fill(reflect.ValueOf(m).Elem(), "", "")
			keepConditions(m)
			out = append(out, m)
		}
	}
	return out
}

// TestSamples encodes messages of every type, decodes them and compares. TS 38.413 §9.4.
func TestSamples(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		for i, m := range samples(t, opaque) {
			b, err := Append(nil, m)
			if err != nil {
				t.Errorf("%d: %v", i, err)
				continue
			}
			got, report, err := DecodeReport(b)
			if err != nil || report != nil {
				t.Errorf("%d: %s: %v, %+v\n%x", i, m.Name(), err, report, b)
				continue
			}
			if !reflect.DeepEqual(m, got) {
				t.Errorf("%d: %s:\n got %+v\nwant %+v", i, m.Name(), got, m)
			}
			again, err := Append([]byte("before"), got)
			if err != nil || !bytes.Equal(again, append([]byte("before"), b...)) {
				t.Errorf("%d: %s: %v\n got %x\nwant %x", i, m.Name(), err, again, b)
			}
		}
	}
}

// TestSampleFile keeps testdata/samples.txt, which the differential tests in the oracle module read.
func TestSampleFile(t *testing.T) {
	var b strings.Builder
	for _, m := range samples(t, false) {
		msg, err := Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(m.Name() + " " + hex.EncodeToString(msg) + "\n")
	}
	const name = "testdata/samples.txt"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Error("testdata/samples.txt is not what this package encodes; run go test -run TestSampleFile -update")
	}
}
