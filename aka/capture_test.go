package aka_test

import (
	"encoding/hex"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
)

// capture is one registration as other implementations ran it over NG-RAN, with 128-NIA2 and NEA0.
type capture struct {
	name                string
	rand, autn, resStar string
	sqn                 string
	nas                 []nasMessage
	kgNB                map[uint32]string // KgNB in Initial Context Setup Request, by uplink NAS COUNT
}

// nasMessage is a security protected NAS message, TS 24.501 §9.1.1: 7E, security header type, MAC, sequence number,
// message.
type nasMessage struct {
	direction uint8
	count     uint32
	hex       string
}

const (
	uplink   = 0
	downlink = 1
)

var captures = []capture{
	{
		name: "UERANSIM and Open5GS, initial registration",
		rand: "755df240a3255a0744dc00f973321d17", autn: "c005d6062e2a80007326ff98af0234f1",
		resStar: "3e4eb11412478ba82a5c997e97101133", sqn: "0000000000a1",
		nas: []nasMessage{
			{downlink, 0, "7e0304942632007e005d020304f0f0f0f0e1360102"},
			{uplink, 0, "7e04150420d3007e005e7700094573806121856151f17100237e004179000d0199f90700000000000000" +
				"00101001002e04f0f0f0f02f020101530100"},
			{downlink, 1, "7e02cdefa798017e0042010177000bf299f907020040c00006c454074099f90700000115020101210201" +
				"005e0192"},
			{uplink, 1, "7e028b12f482017e0043"},
			{uplink, 2, "7e0223eca104027e00670100152e0101c1ffff91a12801007b000780000a00000d001201812201012509" +
				"08696e7465726e6574"},
			{downlink, 2, "7e0216f9855c027e0054430f90004f00700065006e00350047005346004762112211728300490100"},
		},
		kgNB: map[uint32]string{0: "b4899272049522eb1aa8365fb6b840096dffd4b8dd0f5015a7cc0390dff9846f"},
	},
	{
		name: "UERANSIM and Open5GS, registration with 5G-GUTI",
		rand: "e8daaac537177a9432f05bf7f0ab4e83", autn: "795521649632800095f7ba7d9414d22b",
		resStar: "b2b254516924327599779473c903d61a", sqn: "000000000081",
		nas: []nasMessage{
			{downlink, 0, "7e03afc5e1d2007e005d020204f0f0f0f0e1360102"},
			{uplink, 0, "7e04b54f4563007e005e7700094573806121856151f171002a7e004179000bf299f907020040c00005d6" +
				"1001002e04f0f0f0f02f04010101015299f907000001530100"},
			{downlink, 1, "7e02140c0daf017e0042010177000bf299f907020040c00001d354074099f90700000115040101010121" +
				"0201005e0192"},
			{uplink, 1, "7e02e28232ae017e0043"},
			{downlink, 2, "7e02a153a6f8027e0054430f90004f00700065006e00350047005346004762112211626500490100"},
		},
		kgNB: map[uint32]string{0: "e91c93dfae21fbcb2e1fed2633c8c77d511913e479fd0fbafcbfb6c14b5cb6d5"},
	},
	{
		name: "PacketRusher and Open5GS, registration, service request, deregistration",
		rand: "a7837130c0f7b1aeef50aa95afdc7045", autn: "5feca6260a808000fc871218a86e2bc9",
		resStar: "6859e4af9bac9ccaecf6bd4ae9ba7421", sqn: "000000000181",
		nas: []nasMessage{
			{downlink, 0, "7e038f3fe565007e005d020004a020f0f0e1360102"},
			{uplink, 0, "7e043ef420df007e005e77000915110000000000000071001a7e004109000d0199f90700000000000000" +
				"00101001072e02a020"},
			{downlink, 1, "7e0263c4ec25017e0042010177000bf299f907020040c000008954074099f90700000115020101210201" +
				"005e0192"},
			{uplink, 1, "7e029a0e0866017e0043"},
			{downlink, 2, "7e02dcc0ec73027e0054430f90004f00700065006e00350047005346004762112211829400490100"},
			{uplink, 2, "7e02510c2ab5027e00670100142e0101c1ffff917b000a80000a00000d00000300120181220101250908" +
				"696e7465726e6574"},
			{uplink, 3, "7e02e92dcb08037e0055"},
			{uplink, 4, "7e011f86c7de047e004c100007040040c00000897100157e004c100007040040c0000089400202005002" +
				"0200"},
			{downlink, 4, "7e02a8b5bc1e047e004e5002020026020000"},
			{uplink, 5, "7e02f678c77d057e00670100042e0101d11201"},
			{downlink, 5, "7e02cd9244ce057e00680100052e0101d3241201"},
			{uplink, 6, "7e0297287a1c067e004509000bf299f907020040c0000089"},
		},
		kgNB: map[uint32]string{0: "bfb0279a4a9e8d1137838b34ced627eac827a1ff57c05d038b5e04cde1addfe3", 4: "409c300349eb69b2243a309a5a6a5802c155a2da6c9937b16d1dc2167966a137"},
	},
}

func TestCaptures(t *testing.T) {
	k := [16]byte(unhex(t, "465b5ce8b199b49faa5f0a2ee238a6bc"))
	opc := milenage.OPc(unhex(t, "e8ed289deba952e4283b54e88e6183ca"))
	network, err := aka.NewServingNetwork("999", "70")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range captures {
		t.Run(c.name, func(t *testing.T) {
			kamf := c.authenticate(t, milenage.New(&k, &opc), network)
			c.checkNAS(t, kamf)
			for count, want := range c.kgNB {
				got := kamf.KAN(count, aka.Access3GPP)
				equal(t, "KgNB", got[:], want)
			}
		})
	}
}

// authenticate plays the USIM, the UE and the AUSF for one captured challenge: TS 33.501 §6.1.3.2.
func (c capture) authenticate(t *testing.T, alg aka.Algorithm, network aka.ServingNetwork) aka.KAMF {
	t.Helper()
	rand, autn := aka.RAND(unhex(t, c.rand)), aka.AUTN(unhex(t, c.autn))
	sqn, r, err := aka.OpenAUTN(alg, &rand, &autn)
	if err != nil {
		t.Fatal(err)
	}
	if sqn.String() != c.sqn {
		t.Errorf("SQN: got %v, want %s", sqn, c.sqn)
	}
	if v := aka.NewVector(alg, rand, sqn, autn.AMF()); v.AUTN != autn {
		t.Errorf("the home network would send AUTN %x", v.AUTN)
	}
	star := aka.NewRESStar(&r.CK, &r.IK, network, &rand, &r.RES)
	equal(t, "RES*", star[:], c.resStar)
	kausf := aka.NewKAUSF(&r.CK, &r.IK, network, autn.SQNxorAK())
	kseaf := kausf.KSEAF(network)
	return kseaf.KAMF("999700000000001", aka.ABBAInitial())
}

// checkNAS verifies the MAC of every message, TS 24.501 §4.4.3.3. The NAS connection identifier of 3GPP access is 1.
func (c capture) checkNAS(t *testing.T, kamf aka.KAMF) {
	t.Helper()
	key := kamf.AlgorithmKey(aka.NASIntegrity, 2)
	nia2, _ := aka.NIA(2)
	for _, m := range c.nas {
		b := unhex(t, m.hex)
		got := nia2((*[16]byte)(&key), m.count, 1, m.direction, b[6:])
		if string(got[:]) != string(b[2:6]) {
			t.Errorf("NAS-MAC of %s: got %x", m.hex, got)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func equal(t *testing.T, name string, got []byte, want string) {
	t.Helper()
	if hex.EncodeToString(got) != want {
		t.Errorf("%s: got %x, want %s", name, got, want)
	}
}
