package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
)

// whole is a file in which every part is named. Tests replace lines of it; line 1 is the first.
const whole = `name: test
log: {level: debug, format: json}
store: {path: /var/lib/limpid/limpid.db}
amf:
  name: amf-1
  guami: {region: 2, set: 1, pointer: 3}
  n2: {address: 10.0.0.1, port: 38412, sctp: raw, udp_port: 9899}
  plmns:
    - {plmn: 00101, tacs: [1, 0x2a], slices: [1, 1-010203]}
    - {plmn: "310-410", tacs: [7], slices: ["1"]}
  ciphering: [NEA2, NEA1]
  integrity: [NIA2]
  t3512: 1h30m
udm:
  home_network_keys:
    - {id: 1, profile: A, private_key: c53c22208b61860b06c62e5406a7b330c2b577aa5558981510d128247d38bd1d}
    - {id: 2, profile: B, private_key: F1AB1074477EBCC7F554EA1C5FC368B1616730155E0041AC447D6301975FECDA}
pcf:
  session_policies:
    - {dnn: internet, slice: "1", max_session_ambr: {uplink: 100 Mbps, downlink: 1 Gbps}}
smf:
  n4: {address: 127.0.0.1}
  dnns:
    - {name: internet, slices: ["1"], pools: [10.45.0.0/16], dns: [192.0.2.53]}
    - {name: ims, slices: [1-010203], pools: [10.46.0.0/24, 10.47.0.0/24], gateway: 10.46.0.254, mtu: 1358}
upf:
  n4: {address: 127.0.0.2}
  n3: {address: 10.0.0.2}
`

func mustPLMN(t *testing.T, s string) ident.PLMN {
	t.Helper()
	p, err := ident.ParsePLMN(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParse(t *testing.T) {
	c, err := Parse("limpid.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	check("level", c.Log.Level, "debug")
	check("PLMNs", c.AMF.PLMNs, []PLMN{
		{mustPLMN(t, "00101"), []ident.TAC{1, 42}, []ident.SNSSAI{{SST: 1, SD: ident.NoSD}, {SST: 1, SD: 0x010203}}},
		{mustPLMN(t, "310410"), []ident.TAC{7}, []ident.SNSSAI{{SST: 1, SD: ident.NoSD}}},
	})
	check("GUAMI", c.AMF.GUAMI, GUAMI{mustPLMN(t, "00101"), 2, 1, 3})
	check("T3512", time.Duration(c.AMF.T3512), 90*time.Minute)
	check("ciphering", c.AMF.Ciphering, []string{"NEA2", "NEA1"})
	check("AMBR", c.PCF.SessionPolicies[0].MaxSessionAMBR, AMBR{100e6, 1e9})
	check("gateway", c.SMF.DNNs[0].Gateway, netip.MustParseAddr("10.45.0.1"))
	check("gateway", c.SMF.DNNs[1].Gateway, netip.MustParseAddr("10.46.0.254"))
	check("MTU", c.SMF.DNNs[0].MTU, uint16(1400))
	check("UPFs", c.SMF.UPFs, []UPFPeer{{Name: "test-upf", Address: netip.MustParseAddr("127.0.0.2"), Port: 8805}})
	check("TUNs", c.UPF.TUNs, []TUN{{"internet", "limpid0"}, {"ims", "limpid1"}})
	ring, err := c.UDM.KeyRing()
	if err != nil || ring == nil {
		t.Errorf("key ring: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", c.UDM, c.UDM, c.UDM, c.UDM.HomeNetworkKeys[0].PrivateKey); strings.Contains(strings.ToLower(text), "c53c") {
		t.Errorf("a key is printed: %s", text)
	}
}

// TestSecureDefaults: what a file leaves out protects, TS 33.501 §5.5.
func TestSecureDefaults(t *testing.T) {
	c, err := Parse("f", []byte(edit(t, "  ciphering: [NEA2, NEA1]\n", "", "  integrity: [NIA2]\n", "")))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.AMF.Ciphering, c.AMF.Integrity, c.AMF.AllowNullCiphering); got != "[NEA2 NEA1 NEA3] [NIA2 NIA1 NIA3] false" {
		t.Errorf("algorithms %s", got)
	}
}

// edit replaces parts of whole.
func edit(t *testing.T, oldnew ...string) string {
	t.Helper()
	s := whole
	for i := 0; i < len(oldnew); i += 2 {
		if strings.Count(s, oldnew[i]) != 1 {
			t.Fatalf("%q is not there exactly once", oldnew[i])
		}
		s = strings.Replace(s, oldnew[i], oldnew[i+1], 1)
	}
	return s
}

// wrong is a change of whole and an error that it leads to.
type wrong struct{ name, old, new, want string }

func (c wrong) check(t *testing.T) {
	_, err := Parse("f", []byte(edit(t, c.old, c.new)))
	var errs Errors
	if !errors.As(err, &errs) {
		t.Fatalf("error %v", err)
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		if strings.Contains(line, c.want) {
			return
		}
	}
	t.Errorf("errors:\n%v\nwant a line with\n%s", err, c.want)
}

// TestReadErrors: what the file says is not what it may say there.
func TestReadErrors(t *testing.T) {
	for _, c := range []wrong{
		{"unknown key", "level: debug", "levle: debug", `f:2:7: log.levle: unknown key, did you mean level?`},
		{"unknown key far off", "  t3512: 1h30m", "  period: 1h30m", `f:13:3: amf.period: unknown key, known here: name, guami,`},
		{"unknown top key", "pcf:", "pfc:", `f:18:1: pfc: unknown key, did you mean pcf?`},
		{"duplicate key", "  t3512: 1h30m", "  n2: {}", `f:13:3: amf.n2: duplicate key, first on line 7`},
		{"string for number", "port: 38412", "port: ngap", `f:7:33: amf.n2.port: "ngap": want a whole number from 0 to 65535`},
		{"quoted number", "port: 38412", `port: "38412"`, `amf.n2.port: "38412": want a whole number`},
		{"number out of range", "port: 38412", "port: 70000", `f:7:33: amf.n2.port: "70000": want a whole number from 0 to 65535`},
		{"list for value", "name: amf-1", "name: [a, b]", `f:5:9: amf.name: want one value, not a list`},
		{"value for list", "[NEA2, NEA1]", "NEA2", `f:11:14: amf.ciphering: want a list, such as [a, b], not "NEA2"`},
		{"value for keys", "guami: {region: 2, set: 1, pointer: 3}", "guami: 7", `f:6:10: amf.guami: want keys and values (plmn, region, set, pointer), not "7"`},
		{"nothing", "log: {level: debug, format: json}", "log:", `f:2:5: log: want keys and values (level, format), not nothing`},
		{"bad bool", "  t3512: 1h30m", "  request_imeisv: maybe", `f:13:19: amf.request_imeisv: "maybe": want true or false`},
		{"anchor", "name: test", "name: &a test", `f:1:7: name: anchors, aliases and tags have no place`},
		{"second document", "store: {path: /var/lib/limpid/limpid.db}", "---\nname: x", `a second document`},
		{"syntax", "store: {path: /var/lib/limpid/limpid.db}", "store: {path: [", `f:`},
	} {
		t.Run(c.name, c.check)
	}
}

// TestContradictions: each value is of its type, but not what is possible.
func TestContradictions(t *testing.T) {
	for _, c := range []wrong{
		{"log level", "level: debug", "level: loud", `f:2:7: log.level: "loud": want one of [debug info warn error]`},
		{"bad PLMN", "plmn: 00101", "plmn: 0010", `f:9:14: amf.plmns[0].plmn: PLMN "0010": want three digits of MCC`},
		{"PLMN twice", `plmn: "310-410"`, "plmn: 00101", `f:10:8: amf.plmns[1].plmn: 00101 is amf.plmns[0] already`},
		{"PLMN missing", "plmn: 00101, ", "", `f:9:7: amf.plmns[0].plmn: missing`},
		{"GUAMI of another PLMN", "guami: {region: 2", "guami: {plmn: 99999, region: 2", `f:6:11: amf.guami.plmn: 99999 is none of amf.plmns`},
		{"AMF set", "set: 1,", "set: 1024,", `f:6:22: amf.guami.set: 1024: an AMF set has 10 bits`},
		{"AMF pointer", "pointer: 3", "pointer: 64", `f:6:30: amf.guami.pointer: 64: an AMF pointer has 6 bits`},
		{"TAC out of range", "[1, 0x2a]", "[1, 16777216]", `f:9:31: amf.plmns[0].tacs[1]: 16777216: a tracking area code has 24 bits`},
		{"TAC reserved", "[1, 0x2a]", "[0]", `amf.plmns[0].tacs[0]: 0x000000 is reserved`},
		{"TAC reserved", "[1, 0x2a]", "[0xfffffe]", `amf.plmns[0].tacs[0]: 0xfffffe is reserved`},
		{"TAC twice", "[1, 0x2a]", "[1, 1]", `amf.plmns[0].tacs[1]: 1 is there twice`},
		{"bad slice", "slices: [1, 1-010203]", "slices: [1, 1-0102]", `f:9:50: amf.plmns[0].slices[1]: S-NSSAI "1-0102": SD is six hexadecimal digits`},
		{"N2 address missing", "address: 10.0.0.1, ", "", `f:7:3: amf.n2.address: missing`},
		{"N2 address bad", "address: 10.0.0.1", "address: 10.0.0.256", `f:7:17: amf.n2.address: ParseAddr`},
		{"SCTP binding", "sctp: raw", "sctp: tcp", `f:7:40: amf.n2.sctp: "tcp": want one of [auto kernel raw udp]`},
		{"NEA0", "[NEA2, NEA1]", "[NEA2, NEA0]", `f:11:21: amf.ciphering[1]: NEA0 does not cipher; it needs allow_null_ciphering: true`},
		{"NIA0", "[NIA2]", "[NIA0]", `f:12:15: amf.integrity[0]: NIA0 protects nothing and is never allowed`},
		{"NIA0 allowed", "integrity: [NIA2]", "integrity: [NIA0]\n  allow_null_ciphering: true", `amf.integrity[0]: NIA0 protects nothing`},
		{"unknown algorithm", "[NIA2]", "[NIA4]", `amf.integrity[0]: "NIA4": want NIA1, NIA2 or NIA3`},
		{"no algorithm", "[NIA2]", "[]", `amf.integrity: want at least one of NIA1, NIA2, NIA3`},
		{"duration", "1h30m", "90", `f:13:10: amf.t3512: "90" is no duration`},
		{"key of odd length", "private_key: c53c", "private_key: 53c", `f:16:40: udm.home_network_keys[0].private_key: not an even number of hexadecimal digits`},
		{"key too short", "private_key: c53c", "private_key: c5", `f:16:27: udm.home_network_keys[0].private_key: 31 octets, want 32`},
		{"key profile", "profile: A", "profile: C", `f:16:15: udm.home_network_keys[0].profile: "C": want A (X25519) or B (P-256)`},
		{"key twice", "{id: 2, profile: B", "{id: 1, profile: A", `f:17:8: udm.home_network_keys[1].id: 1 is that of udm.home_network_keys[0]`},
		{"bit rate", "100 Mbps", "100 MB", `pcf.session_policies[0].max_session_ambr.uplink: "100 MB" is no bit rate`},
		{"slice bounded by nothing", "smf:\n", "nsacf: {slices: [{slice: \"1\"}]}\nsmf:\n", `nsacf.slices[0]: 0 UEs, 0 sessions: want at least one bound above 0`},
		{"slice bounded twice", "smf:\n", "nsacf: {slices: [{slice: \"1\", ues: 1}, {slice: \"1\", ues: 2}]}\nsmf:\n", `nsacf.slices[1].slice: slice 1 is there twice`},
		{"slice of nobody bounded", "smf:\n", "nsacf: {slices: [{slice: \"9\", ues: 1}]}\nsmf:\n", `nsacf.slices[0].slice: slice 9 is in no amf.plmns[].slices`},
		{"AAA server without a port", "smf:\n", "nssaaf: {slices: [{slice: \"1\", server: \"10.0.0.9:0\", secret: 00112233445566778899aabbccddeeff}]}\nsmf:\n", `nssaaf.slices[0].server: missing`},
		{"AAA server for whom", "smf:\n", "nssaaf: {slices: [{slice: \"1\", phones: some, server: \"10.0.0.9:1812\", secret: 00112233445566778899aabbccddeeff}]}\nsmf:\n", `nssaaf.slices[0].phones: "some": want all or marked`},
		{"AAA servers ask everywhere", "smf:\n", "nssaaf: {listen: \"0.0.0.0:3799\"}\nsmf:\n", `nssaaf.listen: 0.0.0.0:3799: want an address`},
		{"short secret", "smf:\n", "nssaaf: {slices: [{slice: \"1\", server: \"10.0.0.9:1812\", secret: \"0011\"}]}\nsmf:\n", `nssaaf.slices[0].secret: 2 octets: want at least 16`},
		{"policy of no DNN", "{dnn: internet, slice", "{dnn: inter, slice", `f:20:8: pcf.session_policies[0].dnn: "inter" is none of smf.dnns`},
		{"policy of no slice", `slice: "1", max`, `slice: "2", max`, `f:20:23: pcf.session_policies[0].slice: slice 2 is none of smf.dnns[0].slices`},
		{"overlapping pools", "10.46.0.0/24, ", "10.45.1.0/24, ", `f:25:47: smf.dnns[1].pools[0]: pool 10.45.1.0/24 overlaps 10.45.0.0/16 of smf.dnns[0].pools[0]`},
		{"overlap in one DNN", "10.47.0.0/24", "10.46.0.128/25", `smf.dnns[1].pools[1]: pool 10.46.0.128/25 overlaps 10.46.0.0/24 of smf.dnns[1].pools[0]`},
		{"pool with host bits", "[10.45.0.0/16]", "[10.45.0.1/16]", `f:24:47: smf.dnns[0].pools[0]: 10.45.0.1/16 has host bits set, did you mean 10.45.0.0/16?`},
		{"pool is IPv6", "[10.45.0.0/16]", "[\"fd00::/64\"]", `smf.dnns[0].pools[0]: fd00::/64: want an IPv4 prefix`},
		{"pool too large", "[10.45.0.0/16]", "[44.0.0.0/9]", `smf.dnns: the pools have`},
		{"pool has own address", "[10.45.0.0/16]", "[10.0.0.0/16]", `smf.dnns[0].pools[0]: pool 10.0.0.0/16 contains 10.0.0`},
		{"framed routes in a pool", "pools: [10.45.0.0/16]", "framed_routes: [10.45.1.0/24], pools: [10.45.0.0/16]", `smf.dnns[0].framed_routes[0]: 10.45.1.0/24 overlaps the pool 10.45.0.0/16`},
		{"framed routes everywhere", "pools: [10.45.0.0/16]", "framed_routes: [0.0.0.0/0], pools: [10.45.0.0/16]", `smf.dnns[0].framed_routes[0]: 0.0.0.0/0: want the prefix in which networks behind UEs lie`},
		{"framed routes with host bits", "pools: [10.45.0.0/16]", "framed_routes: [172.20.0.1/16], pools: [10.45.0.0/16]", `did you mean 172.20.0.0/16?`},
		{"framed routes with own address", "pools: [10.45.0.0/16]", "framed_routes: [10.0.0.0/16], pools: [10.45.0.0/16]", `smf.dnns[0].framed_routes[0]: prefix 10.0.0.0/16 contains 10.0.0`},
		{"unstructured data to nobody", "pools: [10.45.0.0/16]", "unstructured: true, pools: [10.45.0.0/16]", `smf.dnns[0].unstructured_server: missing: the UPF of this file carries unstructured data in UDP`},
		{"server without sessions", "pools: [10.45.0.0/16]", "unstructured_server: \"192.0.2.7:4747\", pools: [10.45.0.0/16]", `smf.dnns[0].unstructured_server: no session is unstructured`},
		{"server that is none", "pools: [10.45.0.0/16]", "unstructured: true, unstructured_server: \"0.0.0.0:1\", pools: [10.45.0.0/16]", `smf.dnns[0].unstructured_server: 0.0.0.0:1: want the address and port of a server`},
		{"server of another version", "pools: [10.45.0.0/16]", "unstructured: true, unstructured_server: \"[2001:db8::7]:4747\", pools: [10.45.0.0/16]", `want a pool of them`},
		{"gateway outside", "gateway: 10.46.0.254", "gateway: 10.48.0.1", `f:25:76: smf.dnns[1].gateway: 10.48.0.1 is not in the first pool, 10.46.0.0/24`},
		{"gateway is broadcast", "gateway: 10.46.0.254", "gateway: 10.46.0.255", `smf.dnns[1].gateway: 10.46.0.255 is the network or the broadcast address`},
		{"DNN twice", "{name: ims", "{name: Internet", `f:25:8: smf.dnns[1].name: "Internet" is the name of smf.dnns[0] already`},
		{"bad DNN", "{name: ims", "{name: -ims", `smf.dnns[1].name: DNN "-ims"`},
		{"slice in no PLMN", "slices: [1-010203]", "slices: [9]", `f:25:28: smf.dnns[1].slices[0]: slice 9 is in no amf.plmns[].slices, so no UE could use it`},
		{"MTU", "mtu: 1358", "mtu: 500", `smf.dnns[1].mtu: 500: want 1280 to 9000 octets`},
		{"DNS", "dns: [192.0.2.53]", "dns: [0.0.0.0]", `smf.dnns[0].dns[0]: 0.0.0.0: want the address of a DNS server`},
		{"same N4 address", "n4: {address: 127.0.0.2}", "n4: {address: 127.0.0.1}", `f:27:8: upf.n4.address: 127.0.0.1 is smf.n4.address: both need UDP port 8805`},
		{"N3 address missing", "n3: {address: 10.0.0.2}", "extra_slots: 5", `f:26:1: upf.n3.address: missing`},
		{"data path", "n3: {address: 10.0.0.2}", "n3: {address: 10.0.0.2}\n  datapath: dpdk", `upf.datapath: "dpdk": want soft, xdp or auto`},
		{"XDP mode", "n3: {address: 10.0.0.2}", "n3: {address: 10.0.0.2}\n  xdp: {mode: fast}", `upf.xdp.mode: "fast": want auto, native, generic or tcx`},
		{"XDP exit", "n3: {address: 10.0.0.2}", "n3: {address: 10.0.0.2}\n  xdp: {exit: stay}", `upf.xdp.exit: "stay": want keep or remove`},
		{"own UPF not among the SMF's", "n4: {address: 127.0.0.1}\n  dnns", "n4: {address: 127.0.0.1}\n  upfs: [{name: a, address: 127.0.0.9}]\n  dnns",
			`upf.n4.address: 127.0.0.2 is none of smf.upfs`},
		{"UPF name twice", "n4: {address: 127.0.0.1}\n  dnns", "n4: {address: 127.0.0.1}\n  upfs: [{name: a, address: 127.0.0.2}, {name: a, address: 127.0.0.3}]\n  dnns",
			`smf.upfs[1].name: "a" is the name of smf.upfs[0] already`},
		{"frames on a DNN of packets", "n3: {address: 10.0.0.2}", "n3: {address: 10.0.0.2}\n  networks: [{dnn: ims, ethernet: true}]",
			`upf.networks[0].ethernet: smf.dnns[1] has no sessions of Ethernet: want ethernet: true there too`},
		{"frames with addresses", "gateway: 10.46.0.254, mtu: 1358}\nupf:", "gateway: 10.46.0.254, mtu: 1358, ethernet: true}\nupf:\n  networks: [{dnn: ims, ethernet: true}]",
			`upf.networks[0].ethernet: a network of frames has no addresses: take the pools from smf.dnns[1]`},
		{"inactivity", "mtu: 1358", "mtu: 1358, inactivity: 100ms", `smf.dnns[1].inactivity: 100ms: want 1s to 168h0m0s, or 0 for no limit`},
		{"TUN of no DNN", "n3: {address: 10.0.0.2}", "n3: {address: 10.0.0.2}\n  tuns: [{dnn: x, name: t}]", `f:29:11: upf.tuns[0].dnn: "x" is none of smf.dnns`},
		{"TUN name", "n3: {address: 10.0.0.2}", "n3: {address: 10.0.0.2}\n  tuns: [{dnn: ims, name: a-very-long-name}]", `upf.tuns[0].name: "a-very-long-name": want an interface name`},
	} {
		t.Run(c.name, c.check)
	}
}

// TestEveryError: all is told at once, in the order of the file.
func TestEveryError(t *testing.T) {
	_, err := Parse("f", []byte(edit(t, "level: debug", "level: loud", "[NIA2]", "[NIA0]", "mtu: 1358", "mtu: 5")))
	want := "f:2:7: log.level"
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], want) ||
		!strings.HasPrefix(lines[1], "f:12:15: amf.integrity[0]") || !strings.HasPrefix(lines[2], "f:25:") {
		t.Errorf("errors:\n%v", err)
	}
}

func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n"} {
		if _, err := Parse("f", []byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestNullCiphering(t *testing.T) {
	c, err := Parse("f", []byte(edit(t, "ciphering: [NEA2, NEA1]", "ciphering: [NEA2, NEA0]\n  allow_null_ciphering: true")))
	if err != nil || len(c.AMF.Ciphering) != 2 {
		t.Errorf("%v", err)
	}
}

func TestHost(t *testing.T) {
	c, err := Parse("f", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	err = c.checkAddresses([]netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.1")})
	want := "f:28:8: upf.n3.address: no interface of this machine has the address 10.0.0.2; it has 127.0.0.1, 10.0.0.1"
	if fmt.Sprint(err) != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	if err := c.checkAddresses([]netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")}); err != nil {
		t.Error(err)
	}
}

// TestBitRate: the text form of TS 29.571 §5.5.2.
func TestBitRate(t *testing.T) {
	for text, want := range map[string]BitRate{
		"0 bps": 0, "1 bps": 1, "64 Kbps": 64e3, "1.5 Mbps": 15e5, "100 Mbps": 1e8, "1 Gbps": 1e9, "2 Tbps": 2e12,
	} {
		got, err := ParseBitRate(text)
		if err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
		if again, err := ParseBitRate(got.String()); err != nil || again != want {
			t.Errorf("%q prints as %q", text, got)
		}
	}
	for _, text := range []string{"", "1", "1Gbps", "1 gbps", "-1 bps", "NaN bps", "Inf bps", "1e99 Tbps", "0x10 bps", "1  Gbps"} {
		if got, err := ParseBitRate(text); err == nil {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
}

// TestGenerate: what config init writes is a file that works, with keys of its own each time.
func TestGenerate(t *testing.T) {
	box := Box{Name: "limpid", PLMN: mustPLMN(t, "00101"), TAC: 1, Slice: ident.SNSSAI{SST: 1, SD: 0x010203}, DNN: "internet",
		N2: netip.MustParseAddr("192.0.2.1"), N3: netip.MustParseAddr("192.0.2.1"), Pool: netip.MustParsePrefix("10.45.0.0/16"),
		DNS: []netip.Addr{netip.MustParseAddr("192.0.2.53")}, Store: "limpid.db", SCTP: "auto"}
	text, keys, err := Generate(box)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("f", text)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		private, err := c.UDM.HomeNetworkKeys[i].Key()
		if err != nil || fmt.Sprintf("%x", private.Public().Bytes()) != k.Key || private.ID() != k.ID {
			t.Errorf("key %d is not the one printed: %v", i, err)
		}
	}
	_, again, err := Generate(box)
	if err != nil || len(keys) != 2 || again[0].Key == keys[0].Key || again[1].Key == keys[1].Key {
		t.Errorf("keys %v and %v, %v", keys, again, err)
	}
	box.TAC = 1 << 24
	if _, _, err := Generate(box); err == nil || !strings.Contains(err.Error(), "24 bits") {
		t.Errorf("bad TAC: %v", err)
	}
}

// FuzzParse: no text makes the reader panic, and each error has a place or says why not.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("a: &x [*x]\n<<: *x"))
	f.Add([]byte("amf:\n  plmns:\n  - {plmn: 00101"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("f", text)
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v, error %v", c != nil, err)
		}
	})
}
