package aka

// HomeMAC protects what the home network says to the UE under KAUSF, TS 33.501 §6.14.2.3 and §6.15.2.2.
type HomeMAC [16]byte

// SoRMACAUSF is SoR-MAC-IAUSF, TS 33.501 §A.17. list is what follows octet 22 of the SoR transparent container; where
// there is none it is empty and takes no part.
func (k *KAUSF) SoRMACAUSF(header uint8, counter uint16, list []byte) HomeMAC {
	if len(list) == 0 {
		return homeMAC(kdf(k[:], 0x77, []byte{header}, counter16(counter)))
	}
	return homeMAC(kdf(k[:], 0x77, []byte{header}, counter16(counter), list))
}

// SoRMACUE is SoR-MAC-IUE, the UE's acknowledgement of steering information, TS 33.501 §A.18.
func (k *KAUSF) SoRMACUE(counter uint16) HomeMAC {
	return homeMAC(kdf(k[:], 0x78, []byte{1}, counter16(counter)))
}

// UPUMACAUSF is UPU-MAC-IAUSF, TS 33.501 §A.19. data is the UE parameters update data.
func (k *KAUSF) UPUMACAUSF(data []byte, counter uint16) HomeMAC {
	return homeMAC(kdf(k[:], 0x7b, data, counter16(counter)))
}

// UPUMACUE is UPU-MAC-IUE, the UE's acknowledgement of a parameters update, TS 33.501 §A.20.
func (k *KAUSF) UPUMACUE(counter uint16) HomeMAC {
	return homeMAC(kdf(k[:], 0x7c, []byte{1}, counter16(counter)))
}

func homeMAC(out [32]byte) HomeMAC { return HomeMAC(out[16:]) }

func counter16(c uint16) []byte { return []byte{byte(c >> 8), byte(c)} }
