// SPDX-License-Identifier: BSD-2-Clause
//! The attribute macro of `sel4-microkit`, which documents it.

use proc_macro::TokenStream;
use quote::quote;

/// See `sel4_microkit::protection_domain`.
#[proc_macro_attribute]
pub fn protection_domain(attr: TokenStream, item: TokenStream) -> TokenStream {
    let item = syn::parse_macro_input!(item as syn::ItemFn);
    let init = &item.sig.ident;
    let options = proc_macro2::TokenStream::from(attr);
    quote! {
        ::sel4_microkit::declare_protection_domain!(init = #init, #options);

        #item
    }
    .into()
}
