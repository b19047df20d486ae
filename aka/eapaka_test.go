package aka_test

import (
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

// TestEAPKeys is cases 1 to 4 of RFC 9048 §D. CK' and IK' are those of TS 33.501 §A.3.
func TestEAPKeys(t *testing.T) {
	for _, v := range []struct {
		network                        aka.ServingNetwork
		autn, ck, ik, ckPrime, ikPrime string
		kEncr, kAut, kRe, msk, emsk    string
	}{
		{
			"WLAN", "bb52e91c747ac3ab2a5c23d15ee351d5", "5349fbe098649f948f5d2e973a81c00f", "9744871ad32bf9bbd1dd5ce54e3e2e5a",
			"0093962d0dd84aa5684b045c9edffa04", "ccfc230ca74fcc96c0a5d61164f5a76c",
			"766fa0a6c317174b812d52fbcd11a179",
			"0842ea722ff6835bfa2032499fc3ec23c2f0e388b4f07543ffc677f1696d71ea",
			"cf83aa8bc7e0aced892acc98e76a9b2095b558c7795c7094715cb3393aa7d17a",
			"67c42d9aa56c1b79e295e3459fc3d187d42be0bf818d3070e362c5e967a4d544" +
				"e8ecfe19358ab3039aff03b7c930588c055babee58a02650b067ec4e9347c75a",
			"f861703cd775590e16c7679ea3874ada866311de290764d760cf76df647ea01c" +
				"313f69924bdd7650ca9bac141ea075c4ef9e8029c0e290cdbad5638b63bc23fb",
		},
		{
			"HRPD", "bb52e91c747ac3ab2a5c23d15ee351d5", "5349fbe098649f948f5d2e973a81c00f", "9744871ad32bf9bbd1dd5ce54e3e2e5a",
			"3820f0277fa5f77732b1fb1d90c1a0da", "db94a0ab557ef6c9ab48619ca05b9a9f",
			"05ad73ac915fce89ac77e1520d82187b",
			"5b4acaef62c6ebb8882b2f3d534c4b35277337a00184f20ff25d224c04be2afd",
			"3f90bf5c6e5ef325ff04eb5ef6539fa8cca8398194fbd00be425b3f40dba10ac",
			"87b321570117cd6c95ab6c436fb5073ff15cf85505d2bc5bb7355fc21ea8a757" +
				"57e8f86a2b138002e05752913bb43b82f868a96117e91a2d95f526677d572900",
			"c891d5f20f148a1007553e2dea555c9cb672e9675f4a66b4bafa027379f93aee" +
				"539a5979d0a0042b9d2ae28bed3b17a31dc8ab75072b80bd0c1da612466e402c",
		},
		{
			"WLAN", "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0", "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0", "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
			"cd4c8e5c68f57dd1d7d7dfd0c538e577", "3ece6b705dbbf7dfc459a11280c65524",
			"897d302fa2847416488c28e20dcb7be4",
			"c40700e7722483ae3dc7139eb0b88bb558cb3081eccd057f9207d1286ee7dd53",
			"0a591a22dd8b5b1cf29e3d508c91dbbdb4aee23051892c42b6a2de66ea504473",
			"9f7dca9e37bb22029ed986e7cd09d4a70d1ac76d95535c5cac40a7504699bb89" +
				"61a29ef6f3e90f183de5861ad1bedc81ce9916391b401aa006c98785a5756df7",
			"724de00bdb9e568187be3fe746114557d5018779537ee37f4d3c6c738cb97b9d" +
				"c651bc19bfadc344ffe2b52ca78bd8316b51dacc5f2b1440cb9515521cc7ba23",
		},
		{
			"HRPD", "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0", "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0", "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
			"8310a71ce6f754889613da8f64d5fb46", "5adf14360ae838192db23f6fcb7f8c76",
			"745e7439ba238f50fcac4d15d47cd1d9",
			"3e1d2aa4e677025cfd862a4be18361a13a645765571463df833a9759e8099879",
			"99da835e2ae82462576fe6516fad1f802f0fa1191655dd0a273da96d04e0fcd3",
			"c6d3a6e0ceea951eb20d74f32c3061d0680a04b0b086ee8700ace3e0b95fa026" +
				"83c287beee44432294ff98af26d2cc783bace75c4b0af7fdfeb5511ba8e4cbd0",
			"7fb56813838adafa99d140c2f198f6dacebfb6afee444961105402b508c7f363" +
				"352cb2919644b50463e6a69354150147ae09cbc54b8a651d8787a6893ed8536d",
		},
	} {
		ck, ik, autn := aka.CK(unhex(t, v.ck)), aka.IK(unhex(t, v.ik)), aka.AUTN(unhex(t, v.autn))
		ckPrime, ikPrime := aka.NewPrimes(&ck, &ik, v.network, autn.SQNxorAK())
		equal(t, "CK'", ckPrime[:], v.ckPrime)
		equal(t, "IK'", ikPrime[:], v.ikPrime)
		keys := aka.NewEAPKeys(&ckPrime, &ikPrime, "0555444333222111")
		equal(t, "K_encr", keys.KEncr[:], v.kEncr)
		equal(t, "K_aut", keys.KAut[:], v.kAut)
		equal(t, "K_re", keys.KRe[:], v.kRe)
		equal(t, "MSK", keys.MSK[:], v.msk)
		equal(t, "EMSK", keys.EMSK[:], v.emsk)
		kausf := keys.EMSK.KAUSF()
		equal(t, "KAUSF", kausf[:], v.emsk[:64])
	}
}
